//! Who was there, and whether they come back.

use phasegate_domain::{
    analytics::{ActivityIndex, Cohort, ReturnRate, retention},
    ids::FlagKey,
    metrics::Activity,
    stats::UserSet,
    time::date_of,
};
use serde::Serialize;

use super::OffVariants;

/// Days of a cohort that are shown.
const COHORT_DAYS: i64 = 14;

/// Cohorts that are shown.
const MAX_COHORTS: usize = 31;

/// Active users: totals and a daily metric.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsersPanel {
    pub now: UserNumbers,
    /// On as many days before.
    pub before: UserNumbers,
    pub daily: Vec<DailyUsers>,
}

/// Active users of a time range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserNumbers {
    /// Distinct users in the whole period.
    pub users: u64,
    /// Of those, who was there for the first time.
    pub new_users: u64,
    /// Users of a day ÷ users of all days, on average over the days that are over.
    pub stickiness: Option<f64>,
}

/// How many were there on a day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DailyUsers {
    /// Counted from 1970, UTC.
    #[serde(skip)]
    pub day: i64,
    /// The same as a date.
    pub date: String,
    pub users: u64,
}

/// Some of the users, and whether they come back.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arm {
    /// In words for the reader.
    pub title: String,
    /// After 1, 7 and 30 days.
    pub totals: [ReturnRate; 3],
    pub cohorts: Vec<Cohort>,
}

pub(super) fn panel(now: &ActivityIndex, before: &ActivityIndex, today: i64) -> UsersPanel {
    let day =
        |(day, users): (i64, &UserSet)| DailyUsers { day, date: date_of(day), users: users.len() };
    UsersPanel {
        now: numbers(now, today),
        before: numbers(before, today),
        daily: now.days(&Activity::Active).map(day).collect(),
    }
}

fn numbers(presence: &ActivityIndex, today: i64) -> UserNumbers {
    let users = presence.ever(&Activity::Active).len();
    let over = presence.days(&Activity::Active).filter(|(day, _)| *day < today);
    let over: Vec<f64> = over.map(|(_, users)| users.len() as f64).collect();
    UserNumbers {
        users,
        new_users: presence.ever(&Activity::First).len(),
        stickiness: stickiness(&over, users),
    }
}

/// Only of days that are over: one that is not would make users less loyal than they are.
fn stickiness(over: &[f64], users: u64) -> Option<f64> {
    let mean = over.iter().sum::<f64>() / over.len().max(1) as f64;
    (!over.is_empty() && users > 0).then(|| mean / users as f64)
}

pub(super) fn arms(
    now: &ActivityIndex,
    (new_users, active): (&ActivityIndex, &ActivityIndex),
    off: &OffVariants<'_>,
    flag: Option<&FlagKey>,
    today: i64,
) -> Vec<Arm> {
    let arm = |title: String, among: Option<&UserSet>| {
        let (totals, mut cohorts) = retention(new_users, active, among, today, COHORT_DAYS);
        cohorts.truncate(MAX_COHORTS);
        Arm { title, totals, cohorts }
    };
    let Some(flag) = flag else { return vec![arm("All users".to_owned(), None)] };
    let off = off.of(flag);
    let on = now.exposed(flag, |variant| Some(variant) != off);
    let control = now.exposed(flag, |variant| Some(variant) == off);
    vec![
        arm(format!("Treatment: {flag} on"), Some(&on)),
        arm(format!("Control: {flag} off"), Some(&control)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_not_over_do_not_make_users_less_loyal() {
        let users = |numbers: &[u32]| numbers.iter().copied().collect::<UserSet>();
        let presence: ActivityIndex = [
            (Activity::Active, 1, users(&[1, 2, 3, 4, 5])),
            (Activity::Active, 2, users(&[6, 7, 8, 9, 10])),
            (Activity::Active, 3, users(&[1])),
        ]
        .into_iter()
        .collect();
        assert_eq!(numbers(&presence, 3).stickiness, Some(0.5));
        assert_eq!(numbers(&presence, 1).stickiness, None);
        let panel = panel(&presence, &ActivityIndex::default(), 3);
        assert_eq!((panel.now.users, panel.before.users), (10, 0));
        assert_eq!((panel.daily[0].date.as_str(), panel.daily[0].users), ("1970-01-02", 5));
    }
}
