//! Retention: the share of users who return after a number of days.

use serde::Serialize;

use super::ActivityIndex;
use crate::{metrics::Activity, stats::UserSet};

/// The days after the first visit for which retention is reported.
pub const RETENTION_DAYS: [i64; 3] = [1, 7, 30];

/// The users who were first seen on one day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cohort {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    pub size: u64,
    /// Users who were active 1, 2, 3, … days later. Days that are not over are left out.
    pub returned: Vec<u64>,
}

/// The retention after a number of days, over all cohorts that are old enough.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnRate {
    /// Days after the first visit.
    pub days: i64,
    /// Users of the cohorts that are old enough.
    pub users: u64,
    /// Users who returned on that day.
    pub returned: u64,
}

impl ReturnRate {
    /// Returned users ÷ users; `None` if no cohort is old enough.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.users > 0).then(|| self.returned as f64 / self.users as f64)
    }
}

/// Computes the retention after each of [`RETENTION_DAYS`], and the cohorts with at most `columns`
/// days each, the newest first. Cohorts come from `new_users`, restricted to `among` if given;
/// returns come from `active`. Only completed days count, so `today` does not.
#[must_use]
pub fn compute_retention(
    new_users: &ActivityIndex,
    active: &ActivityIndex,
    among: Option<&UserSet>,
    today: i64,
    columns: i64,
) -> ([ReturnRate; 3], Vec<Cohort>) {
    let mut totals = RETENTION_DAYS.map(|days| ReturnRate { days, users: 0, returned: 0 });
    let mut cohorts = Vec::new();
    for (day, users) in new_users.users_by_day(&Activity::First).filter(|(day, _)| *day < today) {
        let users = among.map_or_else(|| users.clone(), |among| users.intersection_with(among));
        if users.is_empty() {
            continue;
        }
        let returned = |days: i64| {
            let there = active.users_on_day(&Activity::Active, day + days);
            there.map_or(0, |there| there.count_in_both(&users))
        };
        for total in &mut totals {
            if day + total.days < today {
                total.users += users.len();
                total.returned += returned(total.days);
            }
        }
        let known = columns.min(today - 1 - day).max(0);
        cohorts.push(Cohort {
            day,
            size: users.len(),
            returned: (1..=known).map(returned).collect(),
        });
    }
    cohorts.reverse();
    (totals, cohorts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_set(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    fn sample_index() -> ActivityIndex {
        [
            (Activity::First, 10, user_set(&[1, 2, 3, 4])),
            (Activity::First, 11, user_set(&[5])),
            (Activity::Active, 10, user_set(&[1, 2, 3, 4])),
            (Activity::Active, 11, user_set(&[1, 2, 5])),
            (Activity::Active, 12, user_set(&[3, 5])),
            (Activity::Active, 17, user_set(&[1])),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn retention_counts_only_completed_days() {
        let ([one, seven, thirty], cohorts) =
            compute_retention(&sample_index(), &sample_index(), None, 18, 3);
        assert_eq!((one.users, one.returned), (5, 3));
        assert_eq!((seven.users, seven.returned), (4, 1), "the second cohort is not that old yet");
        assert_eq!(thirty.rate(), None);
        assert_eq!(cohorts.len(), 2);
        assert_eq!((cohorts[0].day, cohorts[0].returned.as_slice()), (11, &[1, 0, 0][..]));
        assert_eq!((cohorts[1].size, cohorts[1].returned.as_slice()), (4, &[2, 1, 0][..]));
    }

    #[test]
    fn retention_is_restricted_to_the_given_users() {
        let (totals, cohorts) =
            compute_retention(&sample_index(), &sample_index(), Some(&user_set(&[1, 3])), 18, 3);
        assert_eq!((totals[0].users, totals[0].returned), (2, 1));
        assert_eq!(cohorts.len(), 1);
        assert!(
            compute_retention(&sample_index(), &sample_index(), None, 10, 3).1.is_empty(),
            "today is not over"
        );
    }
}
