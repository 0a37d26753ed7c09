//! The lifecycle of a flag, derived from its evaluation counts.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::VariantName};

/// Days after which a flag is stale if it is not evaluated, or always answers the same variant.
pub const STALE_AFTER_DAYS: i64 = 14;

/// Days for which a flag is new after its creation.
pub const NEW_FOR_DAYS: i64 = 7;

/// The number of hours in a sparkline.
pub const HOURS: usize = 24;

/// How often a flag was evaluated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EvaluationCounts {
    /// In each of the last [`HOURS`] hours, the current one last.
    pub by_hour: Vec<u64>,
    /// The counts of each variant.
    pub variants: BTreeMap<VariantName, VariantCounts>,
    /// Full days since the first evaluation within the last [`STALE_AFTER_DAYS`] days.
    #[serde(default)]
    pub days_asked: i64,
}

/// How often a variant was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VariantCounts {
    /// Answers in the last [`STALE_AFTER_DAYS`] days.
    pub count: u64,
    /// Answers in the last [`HOURS`] hours.
    pub last_day: u64,
}

/// The lifecycle stage of a flag.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// It was created within the last [`NEW_FOR_DAYS`] days.
    New,
    Active,
    /// It has answered the same variant for so long that the code can do without it.
    ReadyToCleanUp,
    /// Nothing evaluates it any more.
    Stale,
    Archived,
}

impl Lifecycle {
    /// Derives the stage of a flag that is not archived.
    #[must_use]
    pub fn of_flag(created_at: Timestamp, advice: Option<&StaleAdvice>, now: Timestamp) -> Self {
        match advice {
            Some(StaleAdvice::NotAsked) => Self::Stale,
            Some(StaleAdvice::AlwaysSame { .. }) => Self::ReadyToCleanUp,
            None if now - created_at < TimeDelta::days(NEW_FOR_DAYS) => Self::New,
            None => Self::Active,
        }
    }

    /// The name in the admin.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Active => "Active",
            Self::ReadyToCleanUp => "Ready to clean up",
            Self::Stale => "Stale",
            Self::Archived => "Archived",
        }
    }

    /// The name in JSON and in URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::ReadyToCleanUp => "ready_to_clean_up",
            Self::Stale => "stale",
            Self::Archived => "archived",
        }
    }
}

/// Why a flag is stale. The text includes what to do about it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum StaleAdvice {
    /// The flag was not evaluated.
    NotAsked,
    /// The flag has answered the same variant to every user.
    AlwaysSame { variant: VariantName },
}

impl std::fmt::Display for StaleAdvice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAsked => write!(
                f,
                "Nothing has asked for this flag in {STALE_AFTER_DAYS} days. If it is gone from \
                 the code, archive it."
            ),
            Self::AlwaysSame { variant } => write!(
                f,
                "It has answered {variant} to every user for {STALE_AFTER_DAYS} days. Make that the \
                 code, take the flag out of it, and archive it here."
            ),
        }
    }
}

impl EvaluationCounts {
    /// The number of evaluations in the last [`HOURS`] hours.
    #[must_use]
    pub fn count_last_day(&self) -> u64 {
        self.by_hour.iter().sum()
    }

    /// Returns why the flag is stale, if it is. A flag that was created or changed within the last
    /// [`STALE_AFTER_DAYS`] days is not.
    #[must_use]
    pub fn stale_advice(&self, changed_at: Timestamp, now: Timestamp) -> Option<StaleAdvice> {
        if now - changed_at < TimeDelta::days(STALE_AFTER_DAYS) {
            return None;
        }
        let mut answered = self.variants.iter().filter(|(_, usage)| usage.count > 0);
        match (answered.next(), answered.next()) {
            (None, _) => Some(StaleAdvice::NotAsked),
            // Evaluations of the last few days alone do not show that the answer is constant.
            (Some((variant, _)), None) if self.days_asked >= STALE_AFTER_DAYS - 1 => {
                Some(StaleAdvice::AlwaysSame { variant: variant.clone() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_stage_follows_age_and_advice() {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let same = StaleAdvice::AlwaysSame { variant: VariantName::new("on").unwrap() };
        let stage = |advice, day| Lifecycle::of_flag(at(0), advice, at(day));
        assert_eq!(stage(None, 6), Lifecycle::New);
        assert_eq!(stage(None, 7), Lifecycle::Active);
        assert_eq!(stage(Some(&same), 30), Lifecycle::ReadyToCleanUp);
        assert_eq!(stage(Some(&StaleAdvice::NotAsked), 30), Lifecycle::Stale);
    }

    #[test]
    fn a_flag_is_stale_when_unused_or_constant() {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let usage = |counts: &[(&str, u64)]| EvaluationCounts {
            by_hour: vec![0; HOURS],
            days_asked: 13,
            variants: counts
                .iter()
                .map(|(name, count)| {
                    let usage = VariantCounts { count: *count, last_day: 0 };
                    (VariantName::new(*name).unwrap(), usage)
                })
                .collect(),
        };
        assert_eq!(usage(&[]).stale_advice(at(0), at(13)), None, "too young to tell");
        assert_eq!(usage(&[]).stale_advice(at(0), at(14)), Some(StaleAdvice::NotAsked));
        let same = usage(&[("on", 5), ("off", 0)]).stale_advice(at(0), at(20)).unwrap();
        assert!(same.to_string().starts_with("It has answered on to every user"));
        let new = EvaluationCounts { days_asked: 1, ..usage(&[("on", 5)]) };
        assert_eq!(new.stale_advice(at(0), at(20)), None, "asked for since yesterday");
        assert_eq!(usage(&[("on", 5), ("off", 1)]).stale_advice(at(0), at(20)), None);
    }
}
