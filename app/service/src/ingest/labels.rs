//! Admission of the labels, pages and releases that batches name.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_domain::metrics::{
    LabelGroup, LabelKey, MAX_WAITING_LABELS, SentLabels, admit_labels, displace_labels,
};
use phasegate_store::{IngestTransaction, StoreError};

/// Records that labels were sent at a minute, and returns those that are admitted. The minute is
/// that of the batch, however old its events are: otherwise labels of old events would not be
/// bounded.
pub(super) async fn admit_sent_labels(
    tx: &mut dyn IngestTransaction,
    sent: &SentLabels,
    minute: i64,
) -> Result<BTreeSet<LabelKey>, StoreError> {
    if sent.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut admitted = tx.update_admitted_labels(sent, minute).await?;
    if admitted.len() == sent.len() {
        return Ok(admitted);
    }
    let admission = admit_labels(sent, &admitted, tx.count_admitted_labels().await?);
    tx.admit_labels(&admission.admitted, minute).await?;
    admitted.extend(admission.admitted.into_keys());
    if !admission.waiting.is_empty() {
        admitted.extend(admit_waiting_labels(tx, &admission.waiting, minute).await?);
    }
    Ok(admitted)
}

/// Stores waiting labels, and admits those that displace others.
async fn admit_waiting_labels(
    tx: &mut dyn IngestTransaction,
    waiting: &SentLabels,
    minute: i64,
) -> Result<BTreeSet<LabelKey>, StoreError> {
    let mut by_group: BTreeMap<LabelGroup, Vec<(String, u64)>> = BTreeMap::new();
    for (label, senders) in tx.add_waiting_labels(waiting, minute).await? {
        by_group.entry(label.group).or_default().push((label.label, senders));
    }
    let mut admitted = BTreeSet::new();
    for (group, waiting) in by_group {
        let displacements =
            displace_labels(tx.read_admitted_labels(&group).await?, waiting, minute);
        tx.displace_labels(&group, &displacements, minute).await?;
        let key = |label| LabelKey { group: group.clone(), label };
        admitted.extend(displacements.into_iter().map(|one| key(one.admitted)));
    }
    tx.delete_excess_waiting_labels(MAX_WAITING_LABELS).await?;
    Ok(admitted)
}
