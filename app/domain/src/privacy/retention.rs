//! Retention policies: for how many days telemetry is stored.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    field_error::{FieldCode, FieldError},
    time::{Resolution, day_of},
};

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

/// The times before which telemetry of an environment has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionCutoffs {
    /// The first bucket of each resolution whose rollups stay. All rollups of a missing resolution
    /// stay.
    pub rollup_buckets: Vec<(Resolution, i64)>,
    /// The first day whose user sets stay, in days since 1970; `None` keeps all.
    pub user_set_day: Option<i64>,
    /// The time since which reports stay; `None` keeps all.
    pub reports_since: Option<Timestamp>,
    /// The time since which screenshots stay; `None` keeps all.
    pub screenshots_since: Option<Timestamp>,
}

impl RetentionPolicy {
    /// Returns the times that apply at `now`.
    #[must_use]
    pub fn cutoffs(self, now: Timestamp) -> RetentionCutoffs {
        let first_day = |kind| self.first_kept_day(kind, day_of(now));
        let begin_of = |day: i64| Timestamp::from_timestamp(day * Resolution::Day.seconds(), 0);
        let rollups = Resolution::ALL.into_iter().filter_map(|resolution| {
            let bucket = match resolution {
                Resolution::Day => first_day(RetentionKind::Rollups),
                _ => resolution.kept_days().map(|_| resolution.kept_since(now)),
            };
            Some((resolution, bucket?))
        });
        RetentionCutoffs {
            rollup_buckets: rollups.collect(),
            user_set_day: first_day(RetentionKind::Rollups),
            reports_since: first_day(RetentionKind::Reports).and_then(begin_of),
            screenshots_since: first_day(RetentionKind::Screenshots).and_then(begin_of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutoffs_follow_the_policy_and_the_resolutions() {
        let now = Timestamp::from_timestamp(1_000 * 86_400 + 7_200, 0).unwrap();
        let midnight = |day: i64| Timestamp::from_timestamp(day * 86_400, 0);
        let kept =
            RetentionPolicy { raw_days: 2, rollup_days: 0, report_days: 90, screenshot_days: 1 };
        let expected = RetentionCutoffs {
            rollup_buckets: vec![
                (Resolution::Minute, (997 * 24 + 2) * 60),
                (Resolution::Hour, 908 * 24 + 2),
            ],
            user_set_day: None,
            reports_since: midnight(910),
            screenshots_since: midnight(999),
        };
        assert_eq!(kept.cutoffs(now), expected);
        let kept = kept.with_days(RetentionKind::Rollups, 200).cutoffs(now);
        assert_eq!(kept.rollup_buckets.last(), Some(&(Resolution::Day, 800)));
        assert_eq!(kept.user_set_day, Some(800));
    }

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
