//! Whether users use what they are given.

use serde::Serialize;

use super::ActivityIndex;
use crate::{
    ids::{FlagKey, VariantName},
    metrics::Activity,
};

/// The way of a feature's users: exposed to it, used it, used it again.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    pub flag: FlagKey,
    /// Users who were exposed to it on.
    pub exposed: u64,
    /// Of those, who used it.
    pub used: u64,
    /// Of those, who used it on another day, too.
    pub used_again: u64,
    /// Users who used it, summed over the days.
    pub daily_users: u64,
    /// The days on which at least one user used it.
    pub days: u64,
}

impl Adoption {
    /// Users with at least one use ÷ users exposed to it on; `None` if no user was.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.exposed > 0).then(|| self.used as f64 / self.exposed as f64)
    }

    /// The users of a day ÷ the users of all days, on average over the days with use.
    #[must_use]
    pub fn stickiness(&self) -> Option<f64> {
        let possible = self.used * self.days;
        (possible > 0).then(|| self.daily_users as f64 / possible as f64)
    }
}

/// The adoption of a feature; `off` is the variant that is as good as not having it.
#[must_use]
pub fn adoption(presence: &ActivityIndex, flag: &FlagKey, off: Option<&VariantName>) -> Adoption {
    let exposed = presence.exposed(flag, |variant| Some(variant) != off);
    let used = Activity::Used(flag.clone());
    let daily = presence.days(&used).map(|(_, users)| users.count_in_both(&exposed));
    let daily: Vec<u64> = daily.filter(|count| *count > 0).collect();
    Adoption {
        flag: flag.clone(),
        exposed: exposed.len(),
        used: presence.ever(&used).count_in_both(&exposed),
        used_again: presence.again(&used).count_in_both(&exposed),
        daily_users: daily.iter().sum(),
        days: daily.len() as u64,
    }
}

/// Whether two features are used by the same users.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CrossUse {
    pub one: FlagKey,
    pub other: FlagKey,
    pub both: u64,
    /// Who used at least one of them.
    pub either: u64,
}

/// Each pair of features that at least one user used.
#[must_use]
pub fn cross_use(presence: &ActivityIndex) -> Vec<CrossUse> {
    let used: Vec<_> = presence
        .flags()
        .into_iter()
        .map(|flag| (presence.ever(&Activity::Used(flag.clone())), flag))
        .filter(|(users, _)| !users.is_empty())
        .collect();
    let mut pairs = Vec::new();
    for (index, (users, one)) in used.iter().enumerate() {
        for (others, other) in used.iter().skip(index + 1) {
            pairs.push(CrossUse {
                one: one.clone(),
                other: other.clone(),
                both: users.count_in_both(others),
                either: users.count_in_either(others),
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::UserSet;

    fn users(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    fn flag(key: &str) -> FlagKey {
        FlagKey::new(key).unwrap()
    }

    fn variant(name: &str) -> VariantName {
        VariantName::new(name).unwrap()
    }

    #[test]
    fn a_feature_is_adopted_by_those_who_have_it() {
        let exposed = |name: &str, phase| Activity::Exposed(flag("A"), variant(name), phase);
        let used = || Activity::Used(flag("A"));
        let presence: ActivityIndex = [
            (exposed("on", None), 1, users(&[1, 2])),
            (exposed("on", Some(crate::ids::PhaseNumber(2))), 2, users(&[2, 3, 4])),
            (exposed("off", None), 1, users(&[9])),
            (used(), 1, users(&[1, 9])),
            (used(), 2, users(&[1, 2])),
        ]
        .into_iter()
        .collect();
        let found = adoption(&presence, &flag("A"), Some(&variant("off")));
        assert_eq!((found.exposed, found.used, found.used_again), (4, 2, 1));
        assert_eq!(found.rate(), Some(0.5));
        assert_eq!(found.stickiness(), Some(3.0 / 4.0), "one of two, then two of two");
        let unused = adoption(&presence, &flag("B"), None);
        assert_eq!((unused.rate(), unused.stickiness()), (None, None));
    }

    #[test]
    fn features_are_compared_in_pairs() {
        let used = |key: &str| Activity::Used(flag(key));
        let presence: ActivityIndex = [
            (used("A"), 1, users(&[1, 2])),
            (used("B"), 2, users(&[2, 3])),
            (used("C"), 3, users(&[4])),
        ]
        .into_iter()
        .collect();
        let pairs = cross_use(&presence);
        assert_eq!(pairs.len(), 3);
        assert_eq!((pairs[0].both, pairs[0].either), (1, 3));
        assert_eq!((pairs[1].both, pairs[1].either), (0, 3));
    }
}
