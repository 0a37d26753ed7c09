//! What the server's environment variables hold, whatever is set in the admin.

use std::collections::BTreeMap;

use phasegate_domain::{
    config::Switch,
    flags::{EnvironmentOverride, Flag},
    ids::{FlagKey, PhaseNumber},
    rollout::RolloutVariables,
    targeting::Share,
};

/// Prefixes of variables that hold a flag's answer; the first one wins.
const FLAG_PREFIXES: [&str; 2] = ["PHASEGATE_FF_", "VITE_FF_"];

const PERCENTAGE: &str = "VITE_ENHANCED_LIBRARY_ROLLOUT_PERCENTAGE";
const PHASE: &str = "VITE_EXERCISE_LIBRARY_PHASE";

/// The guide's three switches, in the order of [`Switch::ALL`].
const SWITCHES: [&str; 3] =
    ["VITE_ENABLE_ANALYTICS", "VITE_ENABLE_PERFORMANCE_MONITORING", "VITE_ENABLE_ERROR_TRACKING"];

/// What the variables say, read once at the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables {
    /// Flag's key → variable and value.
    flags: BTreeMap<String, (String, String)>,
    rollout: RolloutVariables,
    /// In the order of [`Switch::ALL`].
    switches: [Option<bool>; 3],
}

/// Why a variable cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {needs}, not {value:?}")]
pub struct InvalidVariable {
    name: String,
    needs: &'static str,
    value: String,
}

impl Variables {
    /// Picks those that are ours.
    ///
    /// # Errors
    /// Names the variable whose value cannot be used. Whether a flag has the answer that a
    /// variable holds is only known with the flag; see `Variables::hold`.
    pub fn read(vars: impl Iterator<Item = (String, String)>) -> Result<Self, InvalidVariable> {
        let mut found = Self::default();
        let mut all: Vec<(String, String)> = vars.collect();
        all.sort();
        for (name, value) in all {
            let wrong = |needs| InvalidVariable { name: name.clone(), needs, value: value.clone() };
            let flag = FLAG_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
            if let Some(flag) = flag {
                // Sorted, so that PHASEGATE_FF_ comes first and stays.
                let held = (name.clone(), value.clone());
                found.flags.entry(flag.to_ascii_uppercase()).or_insert(held);
            } else if name == PERCENTAGE {
                let share = value.trim().parse().ok().and_then(|p| Share::from_percent(p).ok());
                let share = share.ok_or_else(|| wrong("a percentage between 0 and 100"))?;
                found.rollout.percentage = Some((name, share));
            } else if name == PHASE {
                let phase = value.trim().parse().ok().filter(|phase| *phase > 0);
                let phase = phase.ok_or_else(|| wrong("the number of a phase"))?;
                found.rollout.phase = Some((name, PhaseNumber(phase)));
            } else if let Some((_, held)) =
                SWITCHES.iter().zip(&mut found.switches).find(|(switch, _)| **switch == name)
            {
                *held = match value.trim().to_ascii_lowercase().as_str() {
                    "true" | "1" | "on" | "yes" => Some(true),
                    "false" | "0" | "off" | "no" => Some(false),
                    _ => return Err(wrong("true or false")),
                };
            }
        }
        Ok(found)
    }

    /// The variable that holds a switch, and in which position.
    pub(crate) fn switch(&self, switch: Switch) -> Option<(&'static str, bool)> {
        let mut all = Switch::ALL.into_iter().zip(SWITCHES).zip(self.switches);
        let ((_, variable), held) = all.find(|((known, _), _)| *known == switch)?;
        Some((variable, held?))
    }

    pub(crate) fn rollout(&self) -> RolloutVariables {
        self.rollout.clone()
    }

    /// The answers that are held for these flags. A variable that means none of a flag's
    /// variants holds nothing; see [`Variables::problems`].
    pub(crate) fn hold<'a>(
        &self,
        flags: impl Iterator<Item = &'a Flag>,
    ) -> BTreeMap<FlagKey, EnvironmentOverride> {
        let held = |flag: &Flag| {
            let (variable, value) = self.flags.get(&name_of(flag))?;
            Some((flag.key.clone(), EnvironmentOverride::new(flag, variable, value).ok()?))
        };
        flags.filter_map(held).collect()
    }

    /// The variables that hold nothing, and why: there is no such flag, or no such variant.
    pub(crate) fn problems(&self, flags: &[&Flag]) -> Vec<(String, String)> {
        let problem = |(name, (variable, value)): (&String, &(String, String))| {
            let Some(flag) = flags.iter().find(|flag| name_of(flag) == *name) else {
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

/// A flag's key as a variable can have it: in capitals, with `_` for what shells do not take.
fn name_of(flag: &Flag) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    flag.key.as_str().chars().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Variables, InvalidVariable> {
        Variables::read(vars.iter().map(|(name, value)| (name.to_string(), value.to_string())))
    }

    #[test]
    fn our_own_variables_come_before_the_guides() {
        let vars = read(&[("VITE_FF_A", "false"), ("PHASEGATE_FF_A", "true"), ("HOME", "/")]);
        let flag: Flag = serde_json::from_value(serde_json::json!({
            "key": "A", "name": "A", "kind": "boolean",
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
            "off_variant": "off", "default_variant": "off", "rollout_variant": "on",
        }))
        .unwrap();
        let held = vars.unwrap().hold([&flag].into_iter());
        assert_eq!(held[&flag.key].variable, "PHASEGATE_FF_A");
        assert_eq!(held[&flag.key].variant.as_str(), "on");
        let unusable = read(&[("PHASEGATE_FF_A", "maybe")]).unwrap();
        assert!(unusable.hold([&flag].into_iter()).is_empty());
        assert!(
            unusable.problems(&[&flag])[0].1.starts_with("A has no variant or value \"maybe\"")
        );
        let unknown = read(&[("PHASEGATE_FF_B", "on")]).unwrap();
        assert_eq!(unknown.problems(&[&flag])[0].1, "there is no flag B");
    }

    #[test]
    fn the_guides_variables_hold_the_rollout() {
        let vars = read(&[(PERCENTAGE, "5"), (PHASE, "2"), ("VITE_ENABLE_ANALYTICS", "false")]);
        let vars = vars.unwrap();
        assert_eq!(vars.rollout().phase, Some((PHASE.to_owned(), PhaseNumber(2))));
        assert_eq!(vars.rollout().percentage.unwrap().1, Share::from_percent(5.0).unwrap());
        assert_eq!(vars.switch(Switch::Analytics), Some(("VITE_ENABLE_ANALYTICS", false)));
        assert_eq!(vars.switch(Switch::Errors), None);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (name, value) in [(PERCENTAGE, "150"), (PHASE, "0"), ("VITE_ENABLE_ANALYTICS", "maybe")]
        {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.contains(value), "{error}");
        }
    }
}
