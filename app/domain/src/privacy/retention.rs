//! For how long what pages report is kept.

use serde::{Deserialize, Serialize};

use crate::field_error::{FieldCode, FieldError};

/// For how many days each kind is kept; 0 stands for always, but for raw events, where it stands for
/// not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetentionPolicy {
    /// Events as pages sent them, with the digest of who sent them.
    pub raw_days: u16,
    /// Numbers by day, and who did what on which day. Those by minute and hour are always kept for
    /// 3 and 92 days.
    pub rollup_days: u16,
    /// Errors and feedback in full.
    pub report_days: u16,
    /// Pictures that came with feedback.
    pub screenshot_days: u16,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self { raw_days: 7, rollup_days: 0, report_days: 90, screenshot_days: 90 }
    }
}

/// One of the kinds.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionKind {
    /// Events as they came.
    Raw,
    Rollups,
    Reports,
    Screenshots,
}

impl RetentionKind {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Rollups, Self::Reports, Self::Screenshots];

    /// The name of its field.
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

/// The longest that can be asked for, in days: a hundred years.
const MAX_DAYS: u16 = 36_500;

/// The longest that raw events can be kept, in days.
const MAX_RAW_DAYS: u16 = 400;

/// The shortest that numbers can be kept, in days: twice what the longest panel compares.
const MIN_NUMBER_DAYS: u16 = 180;

impl RetentionPolicy {
    /// For how many days a kind is kept.
    #[must_use]
    pub fn days(self, kind: RetentionKind) -> u16 {
        match kind {
            RetentionKind::Raw => self.raw_days,
            RetentionKind::Rollups => self.rollup_days,
            RetentionKind::Reports => self.report_days,
            RetentionKind::Screenshots => self.screenshot_days,
        }
    }

    /// The same, with a kind kept for so many days.
    #[must_use]
    pub fn with(self, kind: RetentionKind, days: u16) -> Self {
        match kind {
            RetentionKind::Raw => Self { raw_days: days, ..self },
            RetentionKind::Rollups => Self { rollup_days: days, ..self },
            RetentionKind::Reports => Self { report_days: days, ..self },
            RetentionKind::Screenshots => Self { screenshot_days: days, ..self },
        }
    }

    /// The first day that is still kept of a kind on a day (days since 1970); nothing where all are.
    #[must_use]
    pub fn kept_since(self, kind: RetentionKind, today: i64) -> Option<i64> {
        match (kind, self.days(kind)) {
            // Of raw events, today counts as a day.
            (RetentionKind::Raw, days) => Some(today + 1 - i64::from(days)),
            (_, 0) => None,
            (_, days) => Some(today - i64::from(days)),
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the field and what it may be.
    pub fn validate(self) -> Result<(), FieldError> {
        let invalid = |field, message| Err(FieldError::new(field, FieldCode::Invalid, message));
        if self.raw_days > MAX_RAW_DAYS {
            let message = format!("0 (not kept) to {MAX_RAW_DAYS}, not {}", self.raw_days);
            return invalid("raw_days", message);
        }
        if self.rollup_days != 0 && self.rollup_days < MIN_NUMBER_DAYS {
            let found = self.rollup_days;
            let message = format!(
                "0 (always), or at least {MIN_NUMBER_DAYS}, because panels compare 90 days with the 90 before; not {found}"
            );
            return invalid("rollup_days", message);
        }
        for kind in RetentionKind::ALL {
            if self.days(kind) > MAX_DAYS {
                let message = format!("0 (always) to {MAX_DAYS}, not {}", self.days(kind));
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
    fn each_kind_is_kept_for_its_own_time() {
        let kept =
            RetentionPolicy { raw_days: 2, rollup_days: 0, report_days: 90, screenshot_days: 1 };
        assert_eq!(kept.kept_since(RetentionKind::Raw, 100), Some(99), "today and yesterday");
        assert_eq!(
            kept.with(RetentionKind::Raw, 0).kept_since(RetentionKind::Raw, 100),
            Some(101),
            "not at all"
        );
        assert_eq!(kept.kept_since(RetentionKind::Rollups, 100), None);
        assert_eq!(kept.kept_since(RetentionKind::Reports, 100), Some(10));
        assert_eq!(kept.kept_since(RetentionKind::Screenshots, 100), Some(99));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let kept = RetentionPolicy::default();
        assert_eq!(kept.validate(), Ok(()));
        for (kind, days) in [
            (RetentionKind::Raw, 401),
            (RetentionKind::Rollups, 30),
            (RetentionKind::Reports, 36_501),
        ] {
            assert_eq!(kept.with(kind, days).validate().unwrap_err().field, kind.as_str());
        }
    }
}
