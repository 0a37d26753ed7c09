//! Active users and their retention.

use phasegate_domain::{
    analytics::{ActivityIndex, Cohort, ReturnRate, compute_retention},
    ids::FlagKey,
    metrics::Activity,
    stats::UserSet,
    time::date_of,
};
use serde::Serialize;

use super::range_data::OffVariants;

/// The number of days shown for a cohort.
const COHORT_DAYS: i64 = 14;

/// The maximum number of cohorts shown, the newest first.
const MAX_COHORTS: usize = 31;

/// Active users: totals and daily counts.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsersPanel {
    pub now: UserNumbers,
    /// The previous period of the same length.
    pub before: UserNumbers,
    pub daily: Vec<DailyUsers>,
}

/// Active users of a time range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserNumbers {
    /// Distinct users in the whole time range.
    pub users: u64,
    /// Users who were seen for the first time.
    pub new_users: u64,
    /// Users of a day ÷ users of all days, averaged over the complete days.
    pub stickiness: Option<f64>,
}

/// The active users of one day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DailyUsers {
    /// Days since 1970-01-01, UTC.
    #[serde(skip)]
    pub day: i64,
    /// The day as a date, such as `2026-11-25`.
    pub date: String,
    pub users: u64,
}

/// The retention of one group of users.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arm {
    /// The group in words, such as "All users".
    pub title: String,
    /// The return rates after 1, 7 and 30 days.
    pub totals: [ReturnRate; 3],
    pub cohorts: Vec<Cohort>,
}

pub(super) fn compute_users_panel(
    now: &ActivityIndex,
    before: &ActivityIndex,
    today: i64,
) -> UsersPanel {
    let day =
        |(day, users): (i64, &UserSet)| DailyUsers { day, date: date_of(day), users: users.len() };
    UsersPanel {
        now: compute_user_numbers(now, today),
        before: compute_user_numbers(before, today),
        daily: now.users_by_day(&Activity::Active).map(day).collect(),
    }
}

fn compute_user_numbers(activity_index: &ActivityIndex, today: i64) -> UserNumbers {
    let users = activity_index.users_on_any_day(&Activity::Active).len();
    let over = activity_index.users_by_day(&Activity::Active).filter(|(day, _)| *day < today);
    let over: Vec<f64> = over.map(|(_, users)| users.len() as f64).collect();
    UserNumbers {
        users,
        new_users: activity_index.users_on_any_day(&Activity::First).len(),
        stickiness: stickiness(&over, users),
    }
}

/// Takes the counts of complete days only: an incomplete day would understate the stickiness.
fn stickiness(over: &[f64], users: u64) -> Option<f64> {
    let mean = over.iter().sum::<f64>() / over.len().max(1) as f64;
    (!over.is_empty() && users > 0).then(|| mean / users as f64)
}

pub(super) fn compute_retention_arms(
    now: &ActivityIndex,
    (new_users, active): (&ActivityIndex, &ActivityIndex),
    off: &OffVariants<'_>,
    flag: Option<&FlagKey>,
    today: i64,
) -> Vec<Arm> {
    let arm = |title: String, among: Option<&UserSet>| {
        let (totals, mut cohorts) = compute_retention(new_users, active, among, today, COHORT_DAYS);
        cohorts.truncate(MAX_COHORTS);
        Arm { title, totals, cohorts }
    };
    let Some(flag) = flag else { return vec![arm("All users".to_owned(), None)] };
    let off = off.find_off_variant(flag);
    let on = now.exposed_users(flag, |variant| Some(variant) != off);
    let control = now.exposed_users(flag, |variant| Some(variant) == off);
    vec![
        arm(format!("Treatment: {flag} on"), Some(&on)),
        arm(format!("Control: {flag} off"), Some(&control)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stickiness_ignores_incomplete_days() {
        let users = |numbers: &[u32]| numbers.iter().copied().collect::<UserSet>();
        let activity_index: ActivityIndex = [
            (Activity::Active, 1, users(&[1, 2, 3, 4, 5])),
            (Activity::Active, 2, users(&[6, 7, 8, 9, 10])),
            (Activity::Active, 3, users(&[1])),
        ]
        .into_iter()
        .collect();
        assert_eq!(compute_user_numbers(&activity_index, 3).stickiness, Some(0.5));
        assert_eq!(compute_user_numbers(&activity_index, 1).stickiness, None);
        let panel = compute_users_panel(&activity_index, &ActivityIndex::default(), 3);
        assert_eq!((panel.now.users, panel.before.users), (10, 0));
        assert_eq!((panel.daily[0].date.as_str(), panel.daily[0].users), ("1970-01-02", 5));
    }
}
