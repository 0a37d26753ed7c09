//! The stored labels, pages and releases that have rollups of their own.
//! `phasegate_domain::metrics` decides which ones do.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{
        AdmittedLabel, LABEL_KEPT_MINUTES, LABEL_WAITING_MINUTES, LabelGroup, LabelKey,
        MAX_WAITING_LABELS, Metric, RESERVED_LABEL, SentLabels, admit_labels, displace_labels,
    },
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::database_error;

const DELETE_PLACE: &str =
    "DELETE FROM labels WHERE environment_id = ? AND metric = ? AND label = ?";
const DELETE_WAITING: &str =
    "DELETE FROM label_candidates WHERE environment_id = ? AND metric = ? AND label = ?";

/// Encodes labels as JSON rows: environment, group, label, minute, senders.
fn encode_rows(labels: &SentLabels, minute: i64) -> String {
    let row = |(key, senders): (&LabelKey, &u64)| {
        let LabelKey { group, label } = key;
        json!([group.environment.0, group.name, label, minute, senders.cast_signed()])
    };
    Value::Array(labels.iter().map(row).collect()).to_string()
}

fn label_key((environment, name, label): (i64, String, String)) -> LabelKey {
    LabelKey { group: LabelGroup { environment: EnvironmentId(environment), name }, label }
}

/// Reserves rollups for labels that a plan names. Other labels never displace them.
pub(super) async fn reserve_labels(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    labels: &[(Metric, String)],
    minute: i64,
) -> Result<(), StoreError> {
    let key = |(metric, label): &(Metric, String)| {
        let group = LabelGroup { environment, name: metric.as_str().to_owned() };
        (LabelKey { group, label: label.clone() }, RESERVED_LABEL)
    };
    let labels = labels.iter().map(key).collect();
    sqlx::query(
        "INSERT INTO labels (environment_id, metric, label, minute, seen, since)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 3
         FROM json_each(?) WHERE true
         ON CONFLICT (environment_id, metric, label) DO UPDATE SET seen = excluded.seen",
    )
    .bind(encode_rows(&labels, minute))
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Records that labels were sent at a minute, and returns those that are admitted. The minute is
/// that of the batch, however old its events are: otherwise labels of old events would not be
/// bounded.
pub(super) async fn admit_sent_labels(
    tx: &mut SqliteConnection,
    sent: &SentLabels,
    minute: i64,
) -> Result<BTreeSet<LabelKey>, StoreError> {
    if sent.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut admitted = touch_admitted_labels(tx, sent, minute).await?;
    if admitted.len() == sent.len() {
        return Ok(admitted);
    }
    let admission = admit_labels(sent, &admitted, count_labels(tx).await?);
    insert_labels(tx, &admission.admitted, minute).await?;
    admitted.extend(admission.admitted.into_keys());
    if !admission.waiting.is_empty() {
        admitted.extend(displace_admitted_labels(tx, &admission.waiting, minute).await?);
    }
    Ok(admitted)
}

/// Adds senders to the labels that are already admitted, and returns those labels.
async fn touch_admitted_labels(
    tx: &mut SqliteConnection,
    sent: &SentLabels,
    minute: i64,
) -> Result<BTreeSet<LabelKey>, StoreError> {
    let known = sqlx::query_as(
        "UPDATE labels SET minute = max(minute, j.value ->> 3), seen = seen | (j.value ->> 4)
         FROM json_each(?) AS j
         WHERE environment_id = j.value ->> 0 AND metric = j.value ->> 1 AND label = j.value ->> 2
         RETURNING environment_id, metric, label",
    );
    let known =
        known.bind(encode_rows(sent, minute)).fetch_all(tx).await.map_err(database_error)?;
    Ok(known.into_iter().map(label_key).collect())
}

/// Counts the labels of each group.
async fn count_labels(tx: &mut SqliteConnection) -> Result<BTreeMap<LabelGroup, u32>, StoreError> {
    let counts: Vec<(i64, String, u32)> =
        sqlx::query_as("SELECT environment_id, metric, count(*) FROM labels GROUP BY 1, 2")
            .fetch_all(tx)
            .await
            .map_err(database_error)?;
    let group = |(environment, name, count)| {
        (LabelGroup { environment: EnvironmentId(environment), name }, count)
    };
    Ok(counts.into_iter().map(group).collect())
}

async fn insert_labels(
    tx: &mut SqliteConnection,
    labels: &SentLabels,
    minute: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO labels (environment_id, metric, label, minute, seen, since)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 3
         FROM json_each(?)",
    )
    .bind(encode_rows(labels, minute))
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Stores waiting labels, and admits those that displace others.
async fn displace_admitted_labels(
    tx: &mut SqliteConnection,
    waiting: &SentLabels,
    minute: i64,
) -> Result<BTreeSet<LabelKey>, StoreError> {
    let mut by_group: BTreeMap<LabelGroup, Vec<(String, u64)>> = BTreeMap::new();
    for (label, senders) in add_waiting_labels(tx, waiting, minute).await? {
        by_group.entry(label.group).or_default().push((label.label, senders));
    }
    let mut admitted = BTreeSet::new();
    for (group, waiting) in by_group {
        for place in displace_labels(read_admitted_labels(tx, &group).await?, waiting, minute) {
            delete_label(tx, DELETE_PLACE, &group, &place.displaced).await?;
            delete_label(tx, DELETE_WAITING, &group, &place.admitted).await?;
            let label = LabelKey { group: group.clone(), label: place.admitted };
            insert_labels(tx, &SentLabels::from([(label.clone(), place.senders)]), minute).await?;
            admitted.insert(label);
        }
    }
    sqlx::query(
        "DELETE FROM label_candidates WHERE (environment_id, metric, label) IN (
             SELECT environment_id, metric, label FROM label_candidates
             ORDER BY minute DESC LIMIT -1 OFFSET ?)",
    )
    .bind(MAX_WAITING_LABELS)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(admitted)
}

/// Adds senders to waiting labels, and returns the labels with all their senders.
async fn add_waiting_labels(
    tx: &mut SqliteConnection,
    waiting: &SentLabels,
    minute: i64,
) -> Result<Vec<(LabelKey, u64)>, StoreError> {
    let waiting: Vec<(i64, String, String, i64)> = sqlx::query_as(
        "INSERT INTO label_candidates (environment_id, metric, label, minute, seen)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
         FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET seen = seen | excluded.seen, minute = excluded.minute
         RETURNING environment_id, metric, label, seen",
    )
    .bind(encode_rows(waiting, minute))
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let label = |(e, group, label, seen): (_, _, _, i64)| {
        (label_key((e, group, label)), seen.cast_unsigned())
    };
    Ok(waiting.into_iter().map(label).collect())
}

/// Reads the admitted labels of a group.
async fn read_admitted_labels(
    tx: &mut SqliteConnection,
    group: &LabelGroup,
) -> Result<Vec<AdmittedLabel>, StoreError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT label, seen, since FROM labels WHERE environment_id = ? AND metric = ?",
    )
    .bind(group.environment.0)
    .bind(&group.name)
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let place = |(label, seen, since): (String, i64, i64)| AdmittedLabel {
        label,
        senders: seen.cast_unsigned(),
        since,
    };
    Ok(rows.into_iter().map(place).collect())
}

/// Runs a statement that deletes one label of a group.
async fn delete_label(
    tx: &mut SqliteConnection,
    statement: &'static str,
    group: &LabelGroup,
    label: &str,
) -> Result<(), StoreError> {
    sqlx::query(statement)
        .bind(group.environment.0)
        .bind(&group.name)
        .bind(label)
        .execute(tx)
        .await
        .map_err(database_error)?;
    Ok(())
}

/// Deletes admitted and waiting labels that have expired. Reserved labels stay.
pub(super) async fn delete_unused_labels(
    tx: &mut SqliteConnection,
    minute: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM labels WHERE minute < ? AND seen <> ?")
        .bind(minute - LABEL_KEPT_MINUTES)
        .bind(RESERVED_LABEL.cast_signed())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    sqlx::query("DELETE FROM label_candidates WHERE minute < ?")
        .bind(minute - LABEL_WAITING_MINUTES)
        .execute(tx)
        .await
        .map_err(database_error)?;
    Ok(())
}
