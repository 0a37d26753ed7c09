//! The state of a flag in one environment.

use serde::{Deserialize, Serialize};

use super::{Flag, Rule};
use crate::{
    Timestamp,
    ids::{FlagKey, VariantName},
    targeting::Salt,
};

/// The state of a flag in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagState {
    /// Whether the flag is on, before the schedule applies; off answers with the off variant.
    pub enabled: bool,
    /// The kill switch. Only environment overrides take precedence over it.
    pub killed: bool,
    /// The salt of the buckets of the flag's rules. A rollout has its own salt.
    pub salt: Salt,
    /// If one of them is not met, the flag answers its off variant.
    #[serde(default)]
    pub prerequisites: Vec<Prerequisite>,
    /// Targeting rules in order; the first that answers wins.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The answer when nothing else decides; `None` means the flag's own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_variant: Option<VariantName>,
    /// Scheduled switches, in any order.
    #[serde(default)]
    pub schedule: Vec<ScheduledSwitch>,
    /// Increases with every change, for optimistic locking: a change based on an older version is
    /// refused.
    pub version: i64,
}

/// A flag that must answer with one of the given variants, or this flag answers its off variant.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Prerequisite {
    pub flag: FlagKey,
    /// The variants that meet the prerequisite.
    pub variants: Vec<VariantName>,
}

/// A change of a flag to on or off at a given time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduledSwitch {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::targeting::instant::deserialize_instant")]
    pub at: Timestamp,
    pub enabled: bool,
}

impl FlagState {
    /// The initial state in the environment that the flag is created for: on, so that its rollout
    /// decides, and without rules. All other environments start with [`FlagState::unused`].
    #[must_use]
    pub fn initial(flag: &FlagKey) -> Self {
        Self {
            enabled: true,
            killed: false,
            salt: Salt::new(flag.as_str()),
            prerequisites: Vec::new(),
            rules: Vec::new(),
            default_variant: None,
            schedule: Vec::new(),
            version: 1,
        }
    }

    /// The initial state in every other environment, including those created later: off, so that
    /// the flag is enabled only where it was created.
    #[must_use]
    pub fn unused(flag: &FlagKey) -> Self {
        Self { enabled: false, ..Self::initial(flag) }
    }

    /// The answer when nothing else decides.
    #[must_use]
    pub fn default_variant<'a>(&'a self, flag: &'a Flag) -> &'a VariantName {
        self.default_variant.as_ref().unwrap_or(&flag.default_variant)
    }

    /// Whether the flag is on at an instant: by the last scheduled switch that is due, else by
    /// `enabled`. A pure function of schedule and clock, so it does not depend on a timely job.
    #[must_use]
    pub fn is_enabled(&self, now: Timestamp) -> bool {
        let due = self.schedule.iter().filter(|switch| switch.at <= now);
        due.max_by_key(|switch| switch.at).map_or(self.enabled, |switch| switch.enabled)
    }

    /// Returns the state with all due switches applied and removed; `None` if none is due.
    #[must_use]
    pub fn apply_due_switches(&self, now: Timestamp) -> Option<Self> {
        if self.schedule.iter().all(|switch| switch.at > now) {
            return None;
        }
        let mut settled = self.clone();
        settled.enabled = self.is_enabled(now);
        settled.schedule.retain(|switch| switch.at > now);
        Some(settled)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_schedule_depends_only_on_the_clock() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let mut state = FlagState::initial(&FlagKey::new("A").unwrap());
        state.schedule = vec![
            ScheduledSwitch { at: at(20), enabled: true },
            ScheduledSwitch { at: at(10), enabled: false },
        ];
        let on = |second| state.is_enabled(at(second));
        assert_eq!([on(9), on(10), on(19), on(20)], [true, false, false, true]);
        assert_eq!(state.apply_due_switches(at(9)), None);
        let settled = state.apply_due_switches(at(10)).unwrap();
        assert!(!settled.enabled);
        assert_eq!(settled.schedule, [ScheduledSwitch { at: at(20), enabled: true }]);
        assert!(settled.apply_due_switches(at(30)).unwrap().schedule.is_empty());
    }
}
