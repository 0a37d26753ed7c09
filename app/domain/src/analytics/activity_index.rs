//! User sets by activity over a range of days.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    ids::{FlagKey, VariantName},
    metrics::Activity,
    stats::UserSet,
};

/// User sets by activity and day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ActivityIndex {
    sets: BTreeMap<Activity, BTreeMap<i64, Arc<UserSet>>>,
}

impl<P: Into<Arc<UserSet>>> FromIterator<(Activity, i64, P)> for ActivityIndex {
    fn from_iter<I: IntoIterator<Item = (Activity, i64, P)>>(all: I) -> Self {
        let mut activity_index = Self::default();
        for (activity, day, users) in all {
            let users: Arc<UserSet> = users.into();
            match activity_index.sets.entry(activity).or_default().entry(day) {
                Entry::Vacant(place) => drop(place.insert(users)),
                Entry::Occupied(place) => Arc::make_mut(place.into_mut()).extend(&users),
            }
        }
        activity_index
    }
}

impl ActivityIndex {
    /// Iterates over the days with users of an activity, in order, and their users.
    pub fn users_by_day(&self, activity: &Activity) -> impl Iterator<Item = (i64, &UserSet)> {
        self.sets.get(activity).into_iter().flatten().map(|(day, users)| (*day, &**users))
    }

    /// The users of an activity on a day.
    #[must_use]
    pub fn users_on_day(&self, activity: &Activity, day: i64) -> Option<&UserSet> {
        self.sets.get(activity)?.get(&day).map(|users| &**users)
    }

    /// The users of an activity on any of the days.
    #[must_use]
    pub fn users_on_any_day(&self, activity: &Activity) -> UserSet {
        UserSet::union_of_sets(self.users_by_day(activity).map(|(_, users)| users))
    }

    /// The users of an activity on more than one day.
    #[must_use]
    pub fn users_on_several_days(&self, activity: &Activity) -> UserSet {
        let (mut once, mut again) = (UserSet::default(), UserSet::default());
        for (_, users) in self.users_by_day(activity) {
            again.extend(&once.intersection_with(users));
            once.extend(users);
        }
        again
    }

    /// Restricts all activities to the filter's users of each day.
    #[must_use]
    pub fn restrict_to_users(&self, filter: &BTreeMap<i64, UserSet>) -> Self {
        let mut sets: BTreeMap<Activity, BTreeMap<i64, Arc<UserSet>>> = BTreeMap::new();
        for (activity, days) in &self.sets {
            for (day, users) in days {
                let both = filter.get(day).map(|filter| users.intersection_with(filter));
                if let Some(both) = both.filter(|both| !both.is_empty()) {
                    sets.entry(activity.clone()).or_default().insert(*day, Arc::new(both));
                }
            }
        }
        Self { sets }
    }

    /// Returns the users of any wanted activity, by day.
    #[must_use]
    pub fn merge_by_day(&self, is_wanted: impl Fn(&Activity) -> bool) -> BTreeMap<i64, UserSet> {
        let mut all: BTreeMap<i64, UserSet> = BTreeMap::new();
        for (activity, days) in &self.sets {
            if is_wanted(activity) {
                for (day, users) in days {
                    all.entry(*day).or_default().extend(users);
                }
            }
        }
        all
    }

    /// The flags that have exposures or uses.
    #[must_use]
    pub fn flags(&self) -> Vec<FlagKey> {
        let mut flags: Vec<FlagKey> = self
            .sets
            .keys()
            .filter_map(|activity| match activity {
                Activity::Exposed(flag, ..) | Activity::Used(flag) => Some(flag.clone()),
                _ => None,
            })
            .collect();
        flags.sort();
        flags.dedup();
        flags
    }

    /// The users exposed to the wanted variants of a flag, in any phase.
    #[must_use]
    pub fn exposed_users(
        &self,
        flag: &FlagKey,
        is_wanted: impl Fn(&VariantName) -> bool,
    ) -> UserSet {
        let is_wanted = |activity: &Activity| matches!(activity, Activity::Exposed(of, variant, _) if of == flag && is_wanted(variant));
        let wanted = self.sets.iter().filter(|(activity, _)| is_wanted(activity));
        UserSet::union_of_sets(wanted.flat_map(|(_, days)| days.values()).map(|users| &**users))
    }
}
