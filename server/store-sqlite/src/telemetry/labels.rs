//! The stored labels, pages and releases: those that have rollups of their own, and those that wait.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{
        AdmittedLabel, Displacement, IngestExpiry, LabelGroup, LabelKey, Metric, RESERVED_LABEL,
        SentLabels,
    },
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::database_error;

const DELETE_ADMITTED: &str =
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

pub(super) async fn update_admitted_labels(
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

pub(super) async fn count_admitted_labels(
    tx: &mut SqliteConnection,
) -> Result<BTreeMap<LabelGroup, u32>, StoreError> {
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

pub(super) async fn insert_labels(
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

pub(super) async fn displace_labels(
    tx: &mut SqliteConnection,
    group: &LabelGroup,
    displacements: &[Displacement],
    minute: i64,
) -> Result<(), StoreError> {
    for Displacement { displaced, admitted, senders } in displacements {
        delete_label(tx, DELETE_ADMITTED, group, displaced).await?;
        delete_label(tx, DELETE_WAITING, group, admitted).await?;
        let label = LabelKey { group: group.clone(), label: admitted.clone() };
        insert_labels(tx, &SentLabels::from([(label, *senders)]), minute).await?;
    }
    Ok(())
}

pub(super) async fn delete_excess_waiting_labels(
    tx: &mut SqliteConnection,
    limit: u32,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM label_candidates WHERE (environment_id, metric, label) IN (
             SELECT environment_id, metric, label FROM label_candidates
             ORDER BY minute DESC LIMIT -1 OFFSET ?)",
    )
    .bind(limit)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

pub(super) async fn add_waiting_labels(
    tx: &mut SqliteConnection,
    waiting: &SentLabels,
    minute: i64,
) -> Result<SentLabels, StoreError> {
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

pub(super) async fn read_admitted_labels(
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
    expiry: &IngestExpiry,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM labels WHERE minute < ? AND seen <> ?")
        .bind(expiry.label_minute)
        .bind(RESERVED_LABEL.cast_signed())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    sqlx::query("DELETE FROM label_candidates WHERE minute < ?")
        .bind(expiry.waiting_label_minute)
        .execute(tx)
        .await
        .map_err(database_error)?;
    Ok(())
}
