//! Who did what, in a stretch of days.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    ids::{FlagKey, VariantName},
    stats::People,
    telemetry::Deed,
};

/// Sets of people by deed and day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Presence {
    sets: BTreeMap<Deed, BTreeMap<i64, Arc<People>>>,
}

impl<P: Into<Arc<People>>> FromIterator<(Deed, i64, P)> for Presence {
    fn from_iter<I: IntoIterator<Item = (Deed, i64, P)>>(all: I) -> Self {
        let mut presence = Self::default();
        for (deed, day, people) in all {
            let people: Arc<People> = people.into();
            match presence.sets.entry(deed).or_default().entry(day) {
                Entry::Vacant(place) => drop(place.insert(people)),
                Entry::Occupied(place) => Arc::make_mut(place.into_mut()).extend(&people),
            }
        }
        presence
    }
}

impl Presence {
    /// The days on which somebody did it, and who.
    pub fn days(&self, deed: &Deed) -> impl Iterator<Item = (i64, &People)> {
        self.sets.get(deed).into_iter().flatten().map(|(day, people)| (*day, &**people))
    }

    /// Who did it on a day.
    #[must_use]
    pub fn on(&self, deed: &Deed, day: i64) -> Option<&People> {
        self.sets.get(deed)?.get(&day).map(|people| &**people)
    }

    /// Who did it on any of the days.
    #[must_use]
    pub fn ever(&self, deed: &Deed) -> People {
        People::in_any(self.days(deed).map(|(_, people)| people))
    }

    /// Who did it on more than one day.
    #[must_use]
    pub fn again(&self, deed: &Deed) -> People {
        let (mut once, mut again) = (People::default(), People::default());
        for (_, people) in self.days(deed) {
            again.extend(&once.in_both(people));
            once.extend(people);
        }
        again
    }

    /// What those did who are in the sets of a deed, on the days on which they are.
    #[must_use]
    pub fn among(&self, filter: &BTreeMap<i64, People>) -> Self {
        let mut sets: BTreeMap<Deed, BTreeMap<i64, Arc<People>>> = BTreeMap::new();
        for (deed, days) in &self.sets {
            for (day, people) in days {
                let both = filter.get(day).map(|filter| people.in_both(filter));
                if let Some(both) = both.filter(|both| !both.is_empty()) {
                    sets.entry(deed.clone()).or_default().insert(*day, Arc::new(both));
                }
            }
        }
        Self { sets }
    }

    /// The sets of all deeds that are wanted, by day.
    #[must_use]
    pub fn by_day(&self, is_wanted: impl Fn(&Deed) -> bool) -> BTreeMap<i64, People> {
        let mut all: BTreeMap<i64, People> = BTreeMap::new();
        for (deed, days) in &self.sets {
            if is_wanted(deed) {
                for (day, people) in days {
                    all.entry(*day).or_default().extend(people);
                }
            }
        }
        all
    }

    /// The flags that somebody was exposed to, or used.
    #[must_use]
    pub fn flags(&self) -> Vec<FlagKey> {
        let mut flags: Vec<FlagKey> = self
            .sets
            .keys()
            .filter_map(|deed| match deed {
                Deed::Exposed(flag, ..) | Deed::Used(flag) => Some(flag.clone()),
                _ => None,
            })
            .collect();
        flags.sort();
        flags.dedup();
        flags
    }

    /// Who was exposed to those of a flag's variants that are wanted, in any phase.
    #[must_use]
    pub fn exposed(&self, flag: &FlagKey, is_wanted: impl Fn(&VariantName) -> bool) -> People {
        let is_wanted = |deed: &Deed| matches!(deed, Deed::Exposed(of, variant, _) if of == flag && is_wanted(variant));
        let wanted = self.sets.iter().filter(|(deed, _)| is_wanted(deed));
        People::in_any(wanted.flat_map(|(_, days)| days.values()).map(|people| &**people))
    }
}
