//! Bounds the labels, pages and releases that have rollups of their own. Apps choose their names,
//! so a full group folds further ones into [`OTHER_LABEL`]. A label with more senders displaces one
//! with fewer, so that no single client can fill a group for good.
//!
//! Pure: ingestion reads the stored labels of [`RollupDelta::sent_labels`], calls [`admit_labels`]
//! and [`displace_labels`], and writes their results.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAX_LABELS, Metric, OTHER_LABEL, RollupDelta, RollupKey};
use crate::{ids::EnvironmentId, stats::Aggregate};

/// Minutes for which a label stays admitted without being sent.
pub(super) const LABEL_KEPT_MINUTES: i64 = 2 * 24 * 60;

/// Minutes for which a label keeps waiting without being sent.
pub(super) const LABEL_WAITING_MINUTES: i64 = 24 * 60;

/// Maximum waiting labels in all environments; the least recently sent are dropped first.
pub const MAX_WAITING_LABELS: u32 = 5_000;

/// The senders of a label that a plan names. It is never displaced.
pub const RESERVED_LABEL: u64 = u64::MAX;

/// Minutes after which a label with several senders is not displaced by one with a few more.
const ESTABLISHED_AFTER_MINUTES: i64 = 24 * 60;

/// Labels with a common bound: those of one metric, or all pages or releases of an environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelGroup {
    pub environment: EnvironmentId,
    /// The name of a metric, `pages` or `releases`.
    pub name: String,
}

/// A label, page or release in its group.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelKey {
    pub group: LabelGroup,
    pub label: String,
}

/// Labels with their senders, as a set of 64 bits (see [`crate::events::Visit::sender_bit`]).
pub type SentLabels = BTreeMap<LabelKey, u64>;

impl LabelKey {
    /// The label of a rollup; `None` for metrics without labels.
    fn from_rollup_label(key: &RollupKey) -> Option<Self> {
        let name = key.metric.as_str().to_owned();
        let group = LabelGroup { environment: key.environment, name };
        (!key.label.is_empty()).then(|| Self { group, label: key.label.clone() })
    }

    /// The page or release of a rollup; `None` for other dimensions.
    fn from_rollup_dimension(key: &RollupKey) -> Option<Self> {
        let name = format!("{}s", key.dimension.bounded_kind()?);
        let group = LabelGroup { environment: key.environment, name };
        Some(Self { group, label: key.dimension.to_text() })
    }
}

impl RollupDelta {
    /// The labels, pages and releases of the rows.
    #[must_use]
    pub fn sent_labels(&self) -> SentLabels {
        let senders = |key: &RollupKey, metric: Option<Metric>, text: &str| {
            let place = (key.environment, metric, text.to_owned());
            self.senders.get(&place).copied().unwrap_or_default()
        };
        let mut sent = SentLabels::new();
        for key in self.rows.keys() {
            if let Some(label) = LabelKey::from_rollup_label(key) {
                let bits = senders(key, Some(key.metric), &key.label);
                *sent.entry(label).or_default() |= bits;
            }
            if let Some(dimension) = LabelKey::from_rollup_dimension(key) {
                let bits = senders(key, None, &dimension.label);
                *sent.entry(dimension).or_default() |= bits;
            }
        }
        sent
    }

    /// Moves rows of labels, pages and releases that are not admitted to [`OTHER_LABEL`].
    pub fn fold_labels(&mut self, admitted: &BTreeSet<LabelKey>) {
        let mut rows: BTreeMap<RollupKey, Aggregate> = BTreeMap::new();
        for (mut key, aggregate) in std::mem::take(&mut self.rows) {
            if LabelKey::from_rollup_label(&key).is_some_and(|label| !admitted.contains(&label)) {
                OTHER_LABEL.clone_into(&mut key.label);
            }
            if LabelKey::from_rollup_dimension(&key).is_some_and(|label| !admitted.contains(&label))
            {
                key.dimension = key.dimension.to_other_label();
            }
            rows.entry(key).or_default().merge(&aggregate);
        }
        self.rows = rows;
    }
}

/// The decision about labels that are sent for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelAdmission {
    /// Labels whose group has room.
    pub admitted: SentLabels,
    /// Labels whose group is full.
    pub waiting: SentLabels,
}

/// Decides about the labels of `sent` that are not among the `known` ones. `counts` holds the
/// number of admitted labels per group; a missing group has none.
#[must_use]
pub fn admit_labels(
    sent: &SentLabels,
    known: &BTreeSet<LabelKey>,
    mut counts: BTreeMap<LabelGroup, u32>,
) -> LabelAdmission {
    let mut admission = LabelAdmission::default();
    for (key, senders) in sent.iter().filter(|(key, _)| !known.contains(key)) {
        let count = counts.entry(key.group.clone()).or_default();
        if *count < MAX_LABELS {
            *count += 1;
            admission.admitted.insert(key.clone(), *senders);
        } else {
            admission.waiting.insert(key.clone(), *senders);
        }
    }
    admission
}

/// An admitted label of a group.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedLabel {
    pub label: String,
    /// A set of 64 bits, or [`RESERVED_LABEL`].
    pub senders: u64,
    /// The minute in which it was admitted.
    pub since: i64,
}

impl AdmittedLabel {
    /// Returns the number of senders that another label must exceed to displace this one; `None`
    /// for reserved labels. A label with several senders that was admitted a day ago yields only to
    /// far more, which one network alone does not reach ([`crate::events::Visit::sender_bit`]).
    fn resistance(&self, minute: i64) -> Option<u32> {
        let senders = self.senders.count_ones();
        let is_established = self.since <= minute - ESTABLISHED_AFTER_MINUTES && senders >= 2;
        let resistance = if is_established { 2 * senders + 4 } else { senders };
        (self.senders != RESERVED_LABEL).then_some(resistance)
    }
}

/// A label that displaces another one.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displacement {
    pub displaced: String,
    pub admitted: String,
    /// The senders of the admitted label.
    pub senders: u64,
}

/// Decides which waiting labels of a group displace admitted ones at a minute. Labels with most
/// senders come first, and each displaces the label with the least resistance.
#[must_use]
pub fn displace_labels(
    admitted: Vec<AdmittedLabel>,
    waiting: Vec<(String, u64)>,
    minute: i64,
) -> Vec<Displacement> {
    let mut weakest: Vec<(u32, String)> = admitted
        .into_iter()
        .filter_map(|label| Some((label.resistance(minute)?, label.label)))
        .collect();
    weakest.sort_by(|a, b| b.cmp(a));
    let strength = |(label, senders): (String, u64)| (senders.count_ones(), label, senders);
    let mut waiting: Vec<(u32, String, u64)> = waiting.into_iter().map(strength).collect();
    waiting.sort_by(|a, b| b.cmp(a));
    let displace = |(strength, label, senders)| {
        let (_, displaced) = weakest.pop_if(|(resistance, _)| *resistance < strength)?;
        Some(Displacement { displaced, admitted: label, senders })
    };
    waiting.into_iter().map_while(displace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60;

    fn label_key(label: &str) -> LabelKey {
        let group = LabelGroup { environment: EnvironmentId(1), name: "events".into() };
        LabelKey { group, label: label.into() }
    }

    fn admitted_label(label: &str, senders: u64, since: i64) -> AdmittedLabel {
        AdmittedLabel { label: label.into(), senders, since }
    }

    #[test]
    fn a_full_group_lets_further_labels_wait() {
        let sent =
            SentLabels::from([(label_key("a"), 1), (label_key("b"), 2), (label_key("c"), 4)]);
        let counts = BTreeMap::from([(label_key("a").group, MAX_LABELS - 1)]);
        let admission = admit_labels(&sent, &BTreeSet::from([label_key("a")]), counts);
        assert_eq!(admission.admitted, SentLabels::from([(label_key("b"), 2)]));
        assert_eq!(admission.waiting, SentLabels::from([(label_key("c"), 4)]));
    }

    #[test]
    fn more_senders_displace_fewer_and_never_a_reserved_label() {
        let here = || {
            vec![
                admitted_label("plan", RESERVED_LABEL, 0),
                admitted_label("weak", 1, 0),
                admitted_label("two", 3, 0),
            ]
        };
        let moves = displace_labels(here(), vec![("new".into(), 0b11), ("late".into(), 0b1)], 5);
        let expected =
            Displacement { displaced: "weak".into(), admitted: "new".into(), senders: 0b11 };
        assert_eq!(moves, [expected]);
        let many = vec![("x".into(), 0xff), ("y".into(), 0xff), ("z".into(), 0xff)];
        let moves = displace_labels(here(), many, 5);
        let displaced: Vec<&str> = moves.iter().map(|one| one.displaced.as_str()).collect();
        assert_eq!(displaced, ["weak", "two"]);
    }

    #[test]
    fn an_established_label_yields_to_far_more_senders_only() {
        let here = || vec![admitted_label("known", 0b1111, 0)];
        let waiting = |bits: u32| vec![("new".to_owned(), (1 << bits) - 1)];
        assert_eq!(displace_labels(here(), waiting(5), DAY - 1).len(), 1, "not established yet");
        assert_eq!(displace_labels(here(), waiting(12), DAY), []);
        assert_eq!(displace_labels(here(), waiting(13), DAY).len(), 1);
    }
}
