//! Group commit: many batches in one transaction. The rules are those of the domain; the store reads
//! and writes.

use std::collections::BTreeSet;

use phasegate_domain::{
    Timestamp,
    events::{Batch, BatchKey, Report, ReportGroup},
    ids::EnvironmentId,
    metrics::{ActivityUsers, IngestExpiry, RollupDelta, UserKey, UserSetChanges, first_days_of},
    time::{Resolution, day_of, minute_of},
};
use phasegate_store::{EventLog, IngestTransaction, StoreError};

use super::labels::admit_sent_labels;
use crate::runtime::Appended;

/// Stores batches in one transaction and returns the outcome of each, in order. The batches are
/// durable when this returns; of several with the same key, the first one counts.
///
/// # Errors
/// Returns the error of the store; then no batch is counted.
pub async fn append_batches(
    store: &(impl EventLog + ?Sized),
    batches: &[Batch],
) -> Result<Vec<Appended>, StoreError> {
    let Some(newest) = batches.iter().map(|batch| batch.received_at).max() else {
        return Ok(Vec::new());
    };
    store_raw_events(store, batches, newest).await?;
    let mut tx = store.begin_ingest().await?;
    let outcomes = add_batch_keys(&mut *tx, batches).await?;
    let is_new = |(batch, outcome)| (outcome == &Appended::Stored).then_some(batch);
    let new: Vec<&Batch> = batches.iter().zip(&outcomes).filter_map(is_new).collect();
    store_reports(&mut *tx, &new).await?;
    let mut delta = RollupDelta::default();
    new.iter().for_each(|batch| delta.add_batch(batch));
    store_delta(&mut *tx, delta, newest).await?;
    tx.delete_expired(&IngestExpiry::at(newest)).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// Stores the raw events of batches that are not stored yet, because the user of a stored one may
/// have been erased since. If that fails, the batches are still counted, except on a full disk.
async fn store_raw_events(
    store: &(impl EventLog + ?Sized),
    batches: &[Batch],
    newest: Timestamp,
) -> Result<(), StoreError> {
    let with_raw: Vec<&Batch> = batches.iter().filter(|batch| !batch.raw.is_empty()).collect();
    if with_raw.is_empty() {
        return Ok(());
    }
    let keys: Vec<BatchKey> = with_raw.iter().map(|batch| batch.key()).collect();
    let known = store.find_batch_keys(&keys).await?;
    let new = with_raw.into_iter().zip(&keys).filter(|(_, key)| !known.contains(key));
    let new: Vec<&Batch> = new.map(|(batch, _)| batch).collect();
    match store.add_raw_events(day_of(newest), &new).await {
        Err(StoreError::Full) => Err(StoreError::Full),
        Err(error) => {
            tracing::error!(%error, "raw events could not be stored; they are counted all the same");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn add_batch_keys(
    tx: &mut dyn IngestTransaction,
    batches: &[Batch],
) -> Result<Vec<Appended>, StoreError> {
    let key = |batch: &Batch| (batch.key(), minute_of(batch.received_at));
    let keys: Vec<(BatchKey, i64)> = batches.iter().map(key).collect();
    let mut new = tx.add_batch_keys(&keys).await?;
    let outcome = |(key, _): &(BatchKey, i64)| match new.remove(key) {
        true => Appended::Stored,
        false => Appended::Repeated,
    };
    Ok(keys.iter().map(outcome).collect())
}

async fn store_reports(
    tx: &mut dyn IngestTransaction,
    batches: &[&Batch],
) -> Result<(), StoreError> {
    let reports: Vec<Report<'_>> = batches.iter().flat_map(|batch| batch.reports()).collect();
    if reports.is_empty() {
        return Ok(());
    }
    tx.add_reports(&reports).await?;
    let groups: BTreeSet<(EnvironmentId, ReportGroup)> =
        reports.iter().map(|report| (report.environment, report.group())).collect();
    for (environment, group) in groups {
        tx.delete_excess_reports(environment, group, group.max_stored()).await?;
    }
    Ok(())
}

/// Stores rollups, sessions and sets of users. Sessions come first, because their changes are
/// rollups, too; labels come next, because they decide under which name a rollup is stored.
async fn store_delta(
    tx: &mut dyn IngestTransaction,
    mut delta: RollupDelta,
    newest: Timestamp,
) -> Result<(), StoreError> {
    let keys: Vec<_> = delta.sessions.keys().copied().collect();
    let known = tx.read_sessions(&keys).await?;
    delta.reconcile_sessions(&known);
    let admitted = admit_sent_labels(tx, &delta.sent_labels(), minute_of(newest)).await?;
    delta.fold_labels(&admitted);
    tx.merge_rollups(&delta.rows, &Resolution::retained_at(newest)).await?;
    tx.save_sessions(&delta.take_changed_sessions(&known), day_of(newest)).await?;
    store_user_sets(tx, delta.activities).await
}

async fn store_user_sets(
    tx: &mut dyn IngestTransaction,
    activities: ActivityUsers,
) -> Result<(), StoreError> {
    if activities.is_empty() {
        return Ok(());
    }
    let users: Vec<UserKey> = first_days_of(&activities).into_keys().collect();
    let known = tx.read_first_days(&users).await?;
    tx.change_user_sets(&UserSetChanges::new(activities, &known)).await
}
