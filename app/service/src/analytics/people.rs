//! Who was there, and whether they come back.

use phasegate_domain::{
    analytics::{ActivityIndex, Cohort, Retention, retention},
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

/// Active users: totals and a daily series.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeoplePanel {
    pub now: PeopleNumbers,
    /// On as many days before.
    pub before: PeopleNumbers,
    pub daily: Vec<DayPeople>,
}

/// Active users of a time range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeopleNumbers {
    /// Distinct users in the whole period.
    pub people: u64,
    /// Of those, who was there for the first time.
    pub newcomers: u64,
    /// People of a day ÷ people of all days, on average over the days that are over.
    pub stickiness: Option<f64>,
}

/// How many were there on a day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayPeople {
    /// Counted from 1970, UTC.
    #[serde(skip)]
    pub day: i64,
    /// The same as a date.
    pub date: String,
    pub people: u64,
}

/// Some of the people, and whether they come back.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arm {
    /// In words for people.
    pub title: String,
    /// After 1, 7 and 30 days.
    pub totals: [Retention; 3],
    pub cohorts: Vec<Cohort>,
}

pub(super) fn panel(now: &ActivityIndex, before: &ActivityIndex, today: i64) -> PeoplePanel {
    let day = |(day, people): (i64, &UserSet)| DayPeople {
        day,
        date: date_of(day),
        people: people.len(),
    };
    PeoplePanel {
        now: numbers(now, today),
        before: numbers(before, today),
        daily: now.days(&Activity::Active).map(day).collect(),
    }
}

fn numbers(presence: &ActivityIndex, today: i64) -> PeopleNumbers {
    let people = presence.ever(&Activity::Active).len();
    let over = presence.days(&Activity::Active).filter(|(day, _)| *day < today);
    let over: Vec<f64> = over.map(|(_, people)| people.len() as f64).collect();
    PeopleNumbers {
        people,
        newcomers: presence.ever(&Activity::First).len(),
        stickiness: stickiness(&over, people),
    }
}

/// Only of days that are over: one that is not would make people less loyal than they are.
fn stickiness(over: &[f64], people: u64) -> Option<f64> {
    let mean = over.iter().sum::<f64>() / over.len().max(1) as f64;
    (!over.is_empty() && people > 0).then(|| mean / people as f64)
}

pub(super) fn arms(
    now: &ActivityIndex,
    (newcomers, active): (&ActivityIndex, &ActivityIndex),
    off: &OffVariants<'_>,
    flag: Option<&FlagKey>,
    today: i64,
) -> Vec<Arm> {
    let arm = |title: String, among: Option<&UserSet>| {
        let (totals, mut cohorts) = retention(newcomers, active, among, today, COHORT_DAYS);
        cohorts.truncate(MAX_COHORTS);
        Arm { title, totals, cohorts }
    };
    let Some(flag) = flag else { return vec![arm("Everybody".to_owned(), None)] };
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
    fn days_that_are_not_over_do_not_make_people_less_loyal() {
        let people = |numbers: &[u32]| numbers.iter().copied().collect::<UserSet>();
        let presence: ActivityIndex = [
            (Activity::Active, 1, people(&[1, 2, 3, 4, 5])),
            (Activity::Active, 2, people(&[6, 7, 8, 9, 10])),
            (Activity::Active, 3, people(&[1])),
        ]
        .into_iter()
        .collect();
        assert_eq!(numbers(&presence, 3).stickiness, Some(0.5));
        assert_eq!(numbers(&presence, 1).stickiness, None);
        let panel = panel(&presence, &ActivityIndex::default(), 3);
        assert_eq!((panel.now.people, panel.before.people), (10, 0));
        assert_eq!((panel.daily[0].date.as_str(), panel.daily[0].people), ("1970-01-02", 5));
    }
}
