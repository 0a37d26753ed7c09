//! What pages report: the guide's three switches, and how many visits are measured.

use serde::{Deserialize, Serialize};

use crate::targeting::Share;

/// What the pages of an environment may report. Feedback is what a user wanted to say; it is
/// always taken.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CollectionSettings {
    /// Views, exposures, feature use, tasks and custom events.
    pub analytics: bool,
    pub performance: bool,
    pub errors: bool,
    /// The share of visits that are measured, %. A visit is measured whole or not at all.
    pub sample_rate: Share,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        Self { analytics: true, performance: true, errors: true, sample_rate: Share::ALL }
    }
}

/// One of the three.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Views, exposures, feature use, tasks and custom events.
    Analytics,
    Performance,
    Errors,
}

impl Switch {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Analytics, Self::Performance, Self::Errors];

    /// Its name in files, forms and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Performance => "performance",
            Self::Errors => "errors",
        }
    }
}

impl CollectionSettings {
    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self, switch: Switch) -> bool {
        match switch {
            Switch::Analytics => self.analytics,
            Switch::Performance => self.performance,
            Switch::Errors => self.errors,
        }
    }

    /// The same, with a switch set.
    #[must_use]
    pub fn with(self, switch: Switch, is_on: bool) -> Self {
        match switch {
            Switch::Analytics => Self { analytics: is_on, ..self },
            Switch::Performance => Self { performance: is_on, ..self },
            Switch::Errors => Self { errors: is_on, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_set_alone() {
        for switch in Switch::ALL {
            let off = CollectionSettings::default().with(switch, false);
            assert!(Switch::ALL.into_iter().all(|other| off.is_on(other) == (other != switch)));
            assert_eq!(off.with(switch, true), CollectionSettings::default());
        }
    }

    #[test]
    fn a_rate_is_a_share() {
        let read = |rate: f64| {
            let json = serde_json::json!({"analytics": true, "performance": true, "errors": true, "sample_rate": rate});
            serde_json::from_value::<CollectionSettings>(json)
        };
        assert_eq!(read(12.5).unwrap().sample_rate.percent(), 12.5);
        assert!(read(101.0).unwrap_err().to_string().contains("between 0 and 100"));
    }
}
