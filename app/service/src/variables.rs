//! Environment variables of the server, which take precedence over the settings in the admin.

use std::collections::BTreeMap;

use phasegate_domain::{
    config::Switch,
    flags::{EnvironmentOverride, Flag},
    ids::{FlagKey, PhaseNumber},
    rollout::RolloutVariables,
    targeting::Share,
};

/// Prefixes of variables that override a flag; the first one takes precedence.
const FLAG_PREFIXES: [&str; 2] = ["PHASEGATE_FF_", "VITE_FF_"];

const PERCENTAGE: &str = "VITE_ENHANCED_LIBRARY_ROLLOUT_PERCENTAGE";
const PHASE: &str = "VITE_EXERCISE_LIBRARY_PHASE";

/// The guide's three switches, in the order of [`Switch::ALL`].
const SWITCHES: [&str; 3] =
    ["VITE_ENABLE_ANALYTICS", "VITE_ENABLE_PERFORMANCE_MONITORING", "VITE_ENABLE_ERROR_TRACKING"];

/// The values of the variables, read once at startup.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables {
    /// Flag name in capitals → variable and value.
    flags: BTreeMap<String, (String, String)>,
    rollout: RolloutVariables,
    /// In the order of [`Switch::ALL`].
    switches: [Option<bool>; 3],
}

/// A variable with an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {needs}, not {value:?}")]
pub struct InvalidVariable {
    name: String,
    needs: &'static str,
    value: String,
}

impl Variables {
    /// Picks the variables that Phasegate knows.
    ///
    /// # Errors
    /// Returns the first variable with an invalid value. The values of flags are checked later,
    /// when the flags are known; see `Variables::environment_overrides`.
    pub fn read_variables(
        vars: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, InvalidVariable> {
        let mut found = Self::default();
        let mut all: Vec<(String, String)> = vars.collect();
        all.sort();
        for (name, value) in all {
            let wrong = |needs| InvalidVariable { name: name.clone(), needs, value: value.clone() };
            let flag = FLAG_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
            if let Some(flag) = flag {
                // PHASEGATE_FF_ sorts before VITE_FF_, so it is inserted first and stays.
                let pinned = (name.clone(), value.clone());
                found.flags.entry(flag.to_ascii_uppercase()).or_insert(pinned);
            } else if name == PERCENTAGE {
                let share = value.trim().parse().ok().and_then(|p| Share::from_percent(p).ok());
                let share = share.ok_or_else(|| wrong("a percentage between 0 and 100"))?;
                found.rollout.percentage = Some((name, share));
            } else if name == PHASE {
                let phase = value.trim().parse().ok().filter(|phase| *phase > 0);
                let phase = phase.ok_or_else(|| wrong("the number of a phase"))?;
                found.rollout.phase = Some((name, PhaseNumber(phase)));
            } else if let Some((_, pinned)) =
                SWITCHES.iter().zip(&mut found.switches).find(|(switch, _)| **switch == name)
            {
                *pinned = match value.trim().to_ascii_lowercase().as_str() {
                    "true" | "1" | "on" | "yes" => Some(true),
                    "false" | "0" | "off" | "no" => Some(false),
                    _ => return Err(wrong("true or false")),
                };
            }
        }
        Ok(found)
    }

    /// Returns the variable that overrides a switch, and its value.
    pub(crate) fn switch_override(&self, switch: Switch) -> Option<(&'static str, bool)> {
        let mut all = Switch::ALL.into_iter().zip(SWITCHES).zip(self.switches);
        let ((_, variable), pinned) = all.find(|((known, _), _)| *known == switch)?;
        Some((variable, pinned?))
    }

    pub(crate) fn rollout(&self) -> RolloutVariables {
        self.rollout.clone()
    }

    /// Returns the environment overrides of these flags. A variable that matches none of a flag's
    /// variants overrides nothing; see [`Variables::unmatched_variables`].
    pub(crate) fn environment_overrides<'a>(
        &self,
        flags: impl Iterator<Item = &'a Flag>,
    ) -> BTreeMap<FlagKey, EnvironmentOverride> {
        let pinned = |flag: &Flag| {
            let (variable, value) = self.flags.get(&flag_variable_name(flag))?;
            Some((flag.key.clone(), EnvironmentOverride::new(flag, variable, value).ok()?))
        };
        flags.filter_map(pinned).collect()
    }

    /// Returns the variables that override nothing, with the reason: no such flag or no such
    /// variant.
    pub(crate) fn unmatched_variables(&self, flags: &[&Flag]) -> Vec<(String, String)> {
        let problem = |(name, (variable, value)): (&String, &(String, String))| {
            let Some(flag) = flags.iter().find(|flag| flag_variable_name(flag) == *name) else {
                return Some((variable.clone(), format!("there is no flag {name}")));
            };
            let error = EnvironmentOverride::new(flag, variable, value).err()?;
            Some((
                variable.clone(),
                format!(
                    "{} has no variant or value {value:?}; choose one of {}",
                    flag.key, error.known
                ),
            ))
        };
        self.flags.iter().filter_map(problem).collect()
    }
}

/// Returns a flag's key as written in variable names: in capitals, with `_` for characters that
/// shells do not allow there.
fn flag_variable_name(flag: &Flag) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    flag.key.as_str().chars().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_pairs(vars: &[(&str, &str)]) -> Result<Variables, InvalidVariable> {
        Variables::read_variables(
            vars.iter().map(|(name, value)| (name.to_string(), value.to_string())),
        )
    }

    #[test]
    fn phasegate_variables_take_precedence_over_vite_variables() {
        let vars =
            parse_pairs(&[("VITE_FF_A", "false"), ("PHASEGATE_FF_A", "true"), ("HOME", "/")]);
        let flag: Flag = serde_json::from_value(serde_json::json!({
            "key": "A", "name": "A", "kind": "boolean",
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
            "off_variant": "off", "default_variant": "off", "rollout_variant": "on",
        }))
        .unwrap();
        let pinned = vars.unwrap().environment_overrides([&flag].into_iter());
        assert_eq!(pinned[&flag.key].variable, "PHASEGATE_FF_A");
        assert_eq!(pinned[&flag.key].variant.as_str(), "on");
        let unusable = parse_pairs(&[("PHASEGATE_FF_A", "maybe")]).unwrap();
        assert!(unusable.environment_overrides([&flag].into_iter()).is_empty());
        assert!(
            unusable.unmatched_variables(&[&flag])[0]
                .1
                .starts_with("A has no variant or value \"maybe\"")
        );
        let unknown = parse_pairs(&[("PHASEGATE_FF_B", "on")]).unwrap();
        assert_eq!(unknown.unmatched_variables(&[&flag])[0].1, "there is no flag B");
    }

    #[test]
    fn guide_variables_override_rollout_and_switches() {
        let vars =
            parse_pairs(&[(PERCENTAGE, "5"), (PHASE, "2"), ("VITE_ENABLE_ANALYTICS", "false")]);
        let vars = vars.unwrap();
        assert_eq!(vars.rollout().phase, Some((PHASE.to_owned(), PhaseNumber(2))));
        assert_eq!(vars.rollout().percentage.unwrap().1, Share::from_percent(5.0).unwrap());
        assert_eq!(vars.switch_override(Switch::Analytics), Some(("VITE_ENABLE_ANALYTICS", false)));
        assert_eq!(vars.switch_override(Switch::Errors), None);
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_variable() {
        for (name, value) in [(PERCENTAGE, "150"), (PHASE, "0"), ("VITE_ENABLE_ANALYTICS", "maybe")]
        {
            let error = parse_pairs(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.contains(value), "{error}");
        }
    }
}
