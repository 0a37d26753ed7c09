//! What an environment decides about a flag.

use serde::{Deserialize, Serialize};

use super::{Flag, Rule};
use crate::{
    Timestamp,
    ids::{FlagKey, VariantName},
    targeting::Salt,
};

/// What an environment decides about a flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagState {
    /// Off answers with the off variant.
    pub enabled: bool,
    /// Set in an emergency; stands above everything but the environment's variables.
    pub killed: bool,
    /// Where the flag's own rules place users. A rollout has one of its own.
    pub salt: Salt,
    /// Other flags that must answer in a certain way first.
    #[serde(default)]
    pub prerequisites: Vec<Prerequisite>,
    /// In order; the first that answers wins.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The answer when nothing else decides; the flag's own default if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_variant: Option<VariantName>,
    /// When it will be switched.
    #[serde(default)]
    pub schedule: Vec<ScheduledSwitch>,
    /// Goes up with every change, so that no change overwrites one that its author has not seen.
    pub version: i64,
}

/// A flag that must answer with one of some variants before this one goes on.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Prerequisite {
    pub flag: FlagKey,
    /// The variants that will do.
    pub variants: Vec<VariantName>,
}

/// A switch that will be pressed at a time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduledSwitch {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::targeting::instant::read")]
    pub at: Timestamp,
    pub enabled: bool,
}

impl FlagState {
    /// How a flag begins in the environment that it is made for, whichever door makes it: on, so that its
    /// rollout decides, and without rules. Everywhere else it begins as [`FlagState::unused`].
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

    /// How a flag begins in every other environment, those that are made later among them: off, so that a
    /// flag made for one environment decides nothing in another.
    #[must_use]
    pub fn unused(flag: &FlagKey) -> Self {
        Self { enabled: false, ..Self::initial(flag) }
    }

    /// The answer when nothing else decides.
    #[must_use]
    pub fn default_variant<'a>(&'a self, flag: &'a Flag) -> &'a VariantName {
        self.default_variant.as_ref().unwrap_or(&flag.default_variant)
    }

    /// Whether the flag is on at an instant: what was set, or the last scheduled switch that is
    /// due. A pure function of schedule and clock, so no job can be late.
    #[must_use]
    pub fn is_enabled(&self, now: Timestamp) -> bool {
        let due = self.schedule.iter().filter(|switch| switch.at <= now);
        due.max_by_key(|switch| switch.at).map_or(self.enabled, |switch| switch.enabled)
    }

    /// The state with all due switches pressed; `None` when none is due.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> Option<Self> {
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
    fn a_schedule_switches_by_the_clock_alone() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let mut state = FlagState::initial(&FlagKey::new("A").unwrap());
        state.schedule = vec![
            ScheduledSwitch { at: at(20), enabled: true },
            ScheduledSwitch { at: at(10), enabled: false },
        ];
        let on = |second| state.is_enabled(at(second));
        assert_eq!([on(9), on(10), on(19), on(20)], [true, false, false, true]);
        assert_eq!(state.settled(at(9)), None);
        let settled = state.settled(at(10)).unwrap();
        assert!(!settled.enabled);
        assert_eq!(settled.schedule, [ScheduledSwitch { at: at(20), enabled: true }]);
        assert!(settled.settled(at(30)).unwrap().schedule.is_empty());
    }
}
