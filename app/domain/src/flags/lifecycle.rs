//! Whether a flag is still of use.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::VariantName};

/// Days after which a flag that nothing asks for, or that always answers the same, is stale.
pub const STALE_AFTER_DAYS: i64 = 14;

/// The hours of a sparkline.
pub const HOURS: usize = 24;

/// How often a flag was asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EvaluationCounts {
    /// In each of the last [`HOURS`] hours, the current one last.
    pub by_hour: Vec<u64>,
    /// Each variant's part, over the last [`STALE_AFTER_DAYS`] days.
    pub variants: BTreeMap<VariantName, VariantCounts>,
    /// For how many days it is known to have been asked for: since the first answer within the
    /// last [`STALE_AFTER_DAYS`] days.
    #[serde(default)]
    pub days_asked: i64,
}

/// How often a variant was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VariantCounts {
    /// Over the last [`STALE_AFTER_DAYS`] days.
    pub count: u64,
    /// In the last [`HOURS`] hours.
    pub last_day: u64,
}

/// Where a flag is in its life.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    Active,
    /// Probably no longer of use.
    Stale,
    Archived,
}

impl Lifecycle {
    /// The name in JSON and in URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stale => "stale",
            Self::Archived => "archived",
        }
    }
}

/// Why a flag is stale, with what to do about it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum StaleAdvice {
    /// Nothing has asked for it.
    NotAsked,
    /// It has given every user the same answer.
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
    /// How often it was asked for in the last day.
    #[must_use]
    pub fn last_day(&self) -> u64 {
        self.by_hour.iter().sum()
    }

    /// Why the flag is stale, if it is. One that was made or changed within the time is not.
    #[must_use]
    pub fn stale_advice(&self, changed_at: Timestamp, now: Timestamp) -> Option<StaleAdvice> {
        if now - changed_at < TimeDelta::days(STALE_AFTER_DAYS) {
            return None;
        }
        let mut answered = self.variants.iter().filter(|(_, usage)| usage.count > 0);
        match (answered.next(), answered.next()) {
            (None, _) => Some(StaleAdvice::NotAsked),
            // A single question yesterday says nothing about two weeks.
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
    fn a_flag_is_stale_when_it_no_longer_decides_anything() {
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
