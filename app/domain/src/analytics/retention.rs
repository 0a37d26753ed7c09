//! Whether people come back.

use serde::Serialize;

use super::ActivityIndex;
use crate::{metrics::Activity, stats::UserSet};

/// After how many days users count as retained.
pub const RETENTION_DAYS: [i64; 3] = [1, 7, 30];

/// People who were first seen on one day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cohort {
    /// Which day, counted from 1970, UTC.
    pub day: i64,
    pub size: u64,
    /// How many were there 1, 2, 3, … days later, as far as those days are over.
    pub back: Vec<u64>,
}

/// Of all who were first seen on days for which it can be known, how many were back.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReturnRate))]
pub struct Retention {
    /// After how many days.
    pub days: i64,
    pub of: u64,
    /// How many were back.
    pub back: u64,
}

impl Retention {
    /// The share; `None` if it cannot be known yet.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.of > 0).then(|| self.back as f64 / self.of as f64)
    }
}

/// Retention after each of [`RETENTION_DAYS`], and the cohorts with `columns` days each, the newest
/// first. Of the `newcomers`, only those in `among` count, if it is given; whether they are back says
/// `active`. A day counts once it is over: `today` does not.
#[must_use]
pub fn retention(
    newcomers: &ActivityIndex,
    active: &ActivityIndex,
    among: Option<&UserSet>,
    today: i64,
    columns: i64,
) -> ([Retention; 3], Vec<Cohort>) {
    let mut totals = RETENTION_DAYS.map(|days| Retention { days, of: 0, back: 0 });
    let mut cohorts = Vec::new();
    for (day, people) in newcomers.days(&Activity::First).filter(|(day, _)| *day < today) {
        let people = among.map_or_else(|| people.clone(), |among| people.in_both(among));
        if people.is_empty() {
            continue;
        }
        let back = |days: i64| {
            let there = active.on(&Activity::Active, day + days);
            there.map_or(0, |there| there.count_in_both(&people))
        };
        for total in &mut totals {
            if day + total.days < today {
                total.of += people.len();
                total.back += back(total.days);
            }
        }
        let known = columns.min(today - 1 - day).max(0);
        cohorts.push(Cohort { day, size: people.len(), back: (1..=known).map(back).collect() });
    }
    cohorts.reverse();
    (totals, cohorts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    fn presence() -> ActivityIndex {
        [
            (Activity::First, 10, people(&[1, 2, 3, 4])),
            (Activity::First, 11, people(&[5])),
            (Activity::Active, 10, people(&[1, 2, 3, 4])),
            (Activity::Active, 11, people(&[1, 2, 5])),
            (Activity::Active, 12, people(&[3, 5])),
            (Activity::Active, 17, people(&[1])),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn who_was_back_is_counted_for_days_that_are_over() {
        let ([one, seven, thirty], cohorts) = retention(&presence(), &presence(), None, 18, 3);
        assert_eq!((one.of, one.back), (5, 3));
        assert_eq!((seven.of, seven.back), (4, 1), "the second cohort is not that old yet");
        assert_eq!(thirty.rate(), None);
        assert_eq!(cohorts.len(), 2);
        assert_eq!((cohorts[0].day, cohorts[0].back.as_slice()), (11, &[1, 0, 0][..]));
        assert_eq!((cohorts[1].size, cohorts[1].back.as_slice()), (4, &[2, 1, 0][..]));
    }

    #[test]
    fn arms_are_looked_at_apart() {
        let (totals, cohorts) = retention(&presence(), &presence(), Some(&people(&[1, 3])), 18, 3);
        assert_eq!((totals[0].of, totals[0].back), (2, 1));
        assert_eq!(cohorts.len(), 1);
        assert!(retention(&presence(), &presence(), None, 10, 3).1.is_empty(), "today is not over");
    }
}
