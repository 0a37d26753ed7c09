//! The changes by a group of batches to the stored sets of users.

use std::collections::{BTreeMap, BTreeSet};

use super::Activity;
use crate::{events::UserHash, ids::EnvironmentId};

/// A user of an environment.
pub type UserKey = (EnvironmentId, UserHash);

/// Users by environment, day (days since 1970) and activity.
pub type ActivityUsers = BTreeMap<(EnvironmentId, i64, Activity), BTreeSet<UserHash>>;

/// The first active day of users, in days since 1970.
pub type FirstDays = BTreeMap<UserKey, i64>;

/// The changes by a group of batches to the stored sets of users. Adding a user again, or removing
/// a user who is not in the set, changes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserSetChanges {
    /// Users to add to sets.
    pub added: ActivityUsers,
    /// Users to remove from sets, which can only be those of [`Activity::First`].
    pub removed: ActivityUsers,
    /// The first days of users that are new or whose first day has become earlier.
    pub first_days: FirstDays,
}

/// Returns the earliest day of each user in the sets.
#[must_use]
pub fn first_days_of(activities: &ActivityUsers) -> FirstDays {
    let mut days = FirstDays::new();
    for ((environment, day, _), users) in activities {
        for user in users {
            let first = days.entry((*environment, *user)).or_insert(*day);
            *first = (*first).min(*day);
        }
    }
    days
}

impl UserSetChanges {
    /// Returns the changes by new activities. `known` holds the stored first days of their users; a
    /// missing user is new.
    #[must_use]
    pub fn new(activities: ActivityUsers, known: &FirstDays) -> Self {
        let mut changes = Self { added: activities, ..Self::default() };
        for ((environment, user), day) in first_days_of(&changes.added) {
            let before = known.get(&(environment, user)).copied();
            if before.is_some_and(|before| before <= day) {
                continue;
            }
            let first = |day| (environment, day, Activity::First);
            if let Some(before) = before {
                changes.removed.entry(first(before)).or_default().insert(user);
            }
            changes.added.entry(first(day)).or_default().insert(user);
            changes.first_days.insert((environment, user), day);
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: EnvironmentId = EnvironmentId(1);

    fn active_on(days: &[i64]) -> ActivityUsers {
        let set = |day: &i64| ((HERE, *day, Activity::Active), BTreeSet::from([UserHash(7)]));
        days.iter().map(set).collect()
    }

    fn first_on(day: i64) -> ActivityUsers {
        [((HERE, day, Activity::First), BTreeSet::from([UserHash(7)]))].into()
    }

    #[test]
    fn a_new_user_is_first_active_on_the_earliest_day() {
        let changes = UserSetChanges::new(active_on(&[9, 4]), &FirstDays::new());
        assert_eq!(changes.first_days, [((HERE, UserHash(7)), 4)].into());
        assert_eq!(changes.added, active_on(&[9, 4]).into_iter().chain(first_on(4)).collect());
        assert_eq!(changes.removed, ActivityUsers::new());
    }

    #[test]
    fn only_an_earlier_day_moves_the_first_day_of_a_known_user() {
        let known = [((HERE, UserHash(7)), 6)].into();
        let later = UserSetChanges::new(active_on(&[6, 8]), &known);
        assert_eq!(later, UserSetChanges { added: active_on(&[6, 8]), ..Default::default() });
        let earlier = UserSetChanges::new(active_on(&[5]), &known);
        assert_eq!(earlier.removed, first_on(6));
        assert_eq!(earlier.first_days, [((HERE, UserHash(7)), 5)].into());
    }
}
