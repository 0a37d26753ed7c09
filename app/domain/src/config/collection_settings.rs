//! The telemetry that pages may report: three switches and a sample rate.

use serde::{Deserialize, Serialize};

use crate::targeting::Share;

/// The telemetry that the pages of an environment may report. Feedback is always accepted, because
/// users submit it deliberately.
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

/// A switch of the collection settings.
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

    /// The name in files, forms and the API.
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

    /// Returns the settings with a switch set.
    #[must_use]
    pub fn with_switch(self, switch: Switch, is_on: bool) -> Self {
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
    fn setting_a_switch_changes_no_other() {
        for switch in Switch::ALL {
            let off = CollectionSettings::default().with_switch(switch, false);
            assert!(Switch::ALL.into_iter().all(|other| off.is_on(other) == (other != switch)));
            assert_eq!(off.with_switch(switch, true), CollectionSettings::default());
        }
    }

    #[test]
    fn a_sample_rate_above_100_is_rejected() {
        let read = |rate: f64| {
            let json = serde_json::json!({"analytics": true, "performance": true, "errors": true, "sample_rate": rate});
            serde_json::from_value::<CollectionSettings>(json)
        };
        assert_eq!(read(12.5).unwrap().sample_rate.percent(), 12.5);
        assert!(read(101.0).unwrap_err().to_string().contains("between 0 and 100"));
    }
}
