//! Retention policies: for how many days telemetry is stored.

use serde::{Deserialize, Serialize};

use crate::field_error::{FieldCode, FieldError};

/// The days for which each kind of telemetry is stored. 0 means forever, except for raw events,
/// which are then not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetentionPolicy {
    /// Raw events as pages sent them, with the digest of the user.
    pub raw_days: u16,
    /// Daily rollups, and user sets by activity and day. Rollups of minutes and hours are always
    /// stored for 3 and 92 days.
    pub rollup_days: u16,
    /// Error events and feedback items in full.
    pub report_days: u16,
    /// Screenshots of feedback items.
    pub screenshot_days: u16,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self { raw_days: 7, rollup_days: 0, report_days: 90, screenshot_days: 90 }
    }
}

/// A kind of telemetry with a retention of its own.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionKind {
    /// Events as pages sent them.
    Raw,
    Rollups,
    Reports,
    Screenshots,
}

impl RetentionKind {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Rollups, Self::Reports, Self::Screenshots];

    /// The name of its field in [`RetentionPolicy`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw_days",
            Self::Rollups => "rollup_days",
            Self::Reports => "report_days",
            Self::Screenshots => "screenshot_days",
        }
    }
}

/// Maximum retention, in days: a hundred years.
const MAX_DAYS: u16 = 36_500;

/// Maximum retention of raw events, in days.
const MAX_RAW_DAYS: u16 = 400;

/// Minimum retention of daily rollups, in days: twice the time range of the longest panel.
const MIN_NUMBER_DAYS: u16 = 180;

impl RetentionPolicy {
    /// The days for which a kind is stored.
    #[must_use]
    pub fn days_of_kind(self, kind: RetentionKind) -> u16 {
        match kind {
            RetentionKind::Raw => self.raw_days,
            RetentionKind::Rollups => self.rollup_days,
            RetentionKind::Reports => self.report_days,
            RetentionKind::Screenshots => self.screenshot_days,
        }
    }

    /// Returns the policy with another retention for one kind.
    #[must_use]
    pub fn with_days(self, kind: RetentionKind, days: u16) -> Self {
        match kind {
            RetentionKind::Raw => Self { raw_days: days, ..self },
            RetentionKind::Rollups => Self { rollup_days: days, ..self },
            RetentionKind::Reports => Self { report_days: days, ..self },
            RetentionKind::Screenshots => Self { screenshot_days: days, ..self },
        }
    }

    /// Returns the first day to keep of a kind, in days since 1970-01-01; `None` keeps all days.
    #[must_use]
    pub fn first_kept_day(self, kind: RetentionKind, today: i64) -> Option<i64> {
        match (kind, self.days_of_kind(kind)) {
            // For raw events, today counts as one of the days.
            (RetentionKind::Raw, days) => Some(today + 1 - i64::from(days)),
            (_, 0) => None,
            (_, days) => Some(today - i64::from(days)),
        }
    }

    /// Checks the rules that the types cannot express.
    ///
    /// # Errors
    /// Returns an error that names the field and its valid values.
    pub fn validate(self) -> Result<(), FieldError> {
        let invalid = |field, message| Err(FieldError::new(field, FieldCode::Invalid, message));
        if self.raw_days > MAX_RAW_DAYS {
            let message = format!("0 (not stored) to {MAX_RAW_DAYS}, not {}", self.raw_days);
            return invalid("raw_days", message);
        }
        if self.rollup_days != 0 && self.rollup_days < MIN_NUMBER_DAYS {
            let found = self.rollup_days;
            let message = format!(
                "0 (no limit), or at least {MIN_NUMBER_DAYS}, because panels compare 90 days with the 90 before; not {found}"
            );
            return invalid("rollup_days", message);
        }
        for kind in RetentionKind::ALL {
            if self.days_of_kind(kind) > MAX_DAYS {
                let message =
                    format!("0 (no limit) to {MAX_DAYS}, not {}", self.days_of_kind(kind));
                return invalid(kind.as_str(), message);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_retention() {
        let kept =
            RetentionPolicy { raw_days: 2, rollup_days: 0, report_days: 90, screenshot_days: 1 };
        assert_eq!(kept.first_kept_day(RetentionKind::Raw, 100), Some(99), "today and yesterday");
        assert_eq!(
            kept.with_days(RetentionKind::Raw, 0).first_kept_day(RetentionKind::Raw, 100),
            Some(101),
            "not at all"
        );
        assert_eq!(kept.first_kept_day(RetentionKind::Rollups, 100), None);
        assert_eq!(kept.first_kept_day(RetentionKind::Reports, 100), Some(10));
        assert_eq!(kept.first_kept_day(RetentionKind::Screenshots, 100), Some(99));
    }

    #[test]
    fn an_invalid_policy_names_its_field() {
        let kept = RetentionPolicy::default();
        assert_eq!(kept.validate(), Ok(()));
        for (kind, days) in [
            (RetentionKind::Raw, 401),
            (RetentionKind::Rollups, 30),
            (RetentionKind::Reports, 36_501),
        ] {
            assert_eq!(kept.with_days(kind, days).validate().unwrap_err().field, kind.as_str());
        }
    }
}
