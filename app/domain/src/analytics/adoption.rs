//! Adoption: the share of exposed users who use a feature.

use serde::Serialize;

use super::ActivityIndex;
use crate::{
    ids::{FlagKey, VariantName},
    metrics::Activity,
};

/// The adoption funnel of a feature: users exposed to it, users who used it, and who used it again.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    pub flag: FlagKey,
    /// Users exposed to a variant other than the off variant.
    pub exposed: u64,
    /// Exposed users who used it.
    pub used: u64,
    /// Exposed users who used it on at least two days.
    pub used_again: u64,
    /// The number of exposed users who used it on a day, summed over the days.
    pub daily_users: u64,
    /// The days on which at least one exposed user used it.
    pub days: u64,
}

impl Adoption {
    /// Users with at least one use ÷ exposed users; `None` without exposed users.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.exposed > 0).then(|| self.used as f64 / self.exposed as f64)
    }

    /// Daily users ÷ users of all days, averaged over the days with use; `None` without use.
    #[must_use]
    pub fn stickiness(&self) -> Option<f64> {
        let possible = self.used * self.days;
        (possible > 0).then(|| self.daily_users as f64 / possible as f64)
    }
}

/// Computes the adoption of a feature. Exposures to the variant `off` do not count.
#[must_use]
pub fn compute_adoption(
    activity_index: &ActivityIndex,
    flag: &FlagKey,
    off: Option<&VariantName>,
) -> Adoption {
    let exposed = activity_index.exposed_users(flag, |variant| Some(variant) != off);
    let used = Activity::Used(flag.clone());
    let daily = activity_index.users_by_day(&used).map(|(_, users)| users.count_in_both(&exposed));
    let daily: Vec<u64> = daily.filter(|count| *count > 0).collect();
    Adoption {
        flag: flag.clone(),
        exposed: exposed.len(),
        used: activity_index.users_on_any_day(&used).count_in_both(&exposed),
        used_again: activity_index.users_on_several_days(&used).count_in_both(&exposed),
        daily_users: daily.iter().sum(),
        days: daily.len() as u64,
    }
}

/// The overlap between the users of two features.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CrossUse {
    pub one: FlagKey,
    pub other: FlagKey,
    pub both: u64,
    /// Users of at least one of the two.
    pub either: u64,
}

/// Returns the overlap of each pair of features that have users.
#[must_use]
pub fn compute_cross_use(activity_index: &ActivityIndex) -> Vec<CrossUse> {
    let used: Vec<_> = activity_index
        .flags()
        .into_iter()
        .map(|flag| (activity_index.users_on_any_day(&Activity::Used(flag.clone())), flag))
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

    fn user_set(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    fn flag_key(key: &str) -> FlagKey {
        FlagKey::new(key).unwrap()
    }

    fn variant_name(name: &str) -> VariantName {
        VariantName::new(name).unwrap()
    }

    #[test]
    fn adoption_counts_only_exposed_users() {
        let exposed =
            |name: &str, phase| Activity::Exposed(flag_key("A"), variant_name(name), phase);
        let used = || Activity::Used(flag_key("A"));
        let activity_index: ActivityIndex = [
            (exposed("on", None), 1, user_set(&[1, 2])),
            (exposed("on", Some(crate::ids::PhaseNumber(2))), 2, user_set(&[2, 3, 4])),
            (exposed("off", None), 1, user_set(&[9])),
            (used(), 1, user_set(&[1, 9])),
            (used(), 2, user_set(&[1, 2])),
        ]
        .into_iter()
        .collect();
        let found = compute_adoption(&activity_index, &flag_key("A"), Some(&variant_name("off")));
        assert_eq!((found.exposed, found.used, found.used_again), (4, 2, 1));
        assert_eq!(found.rate(), Some(0.5));
        assert_eq!(found.stickiness(), Some(3.0 / 4.0), "one of two, then two of two");
        let unused = compute_adoption(&activity_index, &flag_key("B"), None);
        assert_eq!((unused.rate(), unused.stickiness()), (None, None));
    }

    #[test]
    fn cross_use_covers_every_pair_of_features() {
        let used = |key: &str| Activity::Used(flag_key(key));
        let activity_index: ActivityIndex = [
            (used("A"), 1, user_set(&[1, 2])),
            (used("B"), 2, user_set(&[2, 3])),
            (used("C"), 3, user_set(&[4])),
        ]
        .into_iter()
        .collect();
        let pairs = compute_cross_use(&activity_index);
        assert_eq!(pairs.len(), 3);
        assert_eq!((pairs[0].both, pairs[0].either), (1, 3));
        assert_eq!((pairs[1].both, pairs[1].either), (0, 3));
    }
}
