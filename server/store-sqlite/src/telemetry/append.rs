//! Group commit: many batches in one transaction.
//!
//! The driver pays a thread hop for every statement, so each step is one statement for the whole
//! group, which takes its rows as one JSON document.

use std::collections::BTreeSet;

use phasegate_domain::{
    Timestamp,
    events::{Batch, EventKind},
    ids::EnvironmentId,
    metrics::RollupDelta,
    privacy::{BATCH_ID_MINUTES, SESSION_DAYS},
    time::{Resolution, day_of, minute_of},
};
use phasegate_store::{Appended, StoreError};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::{
    activity, labels,
    query_cache::{Kind, QueryCache},
    raw::RawFolder,
    report_kind::ReportKind,
    rollups, sessions,
};
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

pub(super) async fn append_batches(
    db: &Database,
    raw: &RawFolder,
    query_cache: &QueryCache,
    batches: &[Batch],
) -> Result<Vec<Appended>, StoreError> {
    let newest = batches.iter().map(|batch| batch.received_at).max().unwrap_or_default();
    let keeps_raw: Vec<&Batch> = batches.iter().filter(|batch| !batch.raw.is_empty()).collect();
    if !keeps_raw.is_empty() {
        let known = read_known_ids(db, &keeps_raw).await?;
        let is_new = |batch: &&Batch| !known.contains(&(batch.environment.0, batch.id.clone()));
        let fresh: Vec<&Batch> = keeps_raw.into_iter().filter(is_new).collect();
        raw.add_batches(day_of(newest), &fresh).await?;
    }
    let mut tx = db.begin_write().await?;
    let outcomes = store_batch_ids(&mut tx, batches).await?;
    let mut rollup_delta = RollupDelta::default();
    let mut reported = BTreeSet::new();
    let stored = batches.iter().zip(&outcomes).filter(|(_, is)| **is == Appended::Stored);
    let stored = stored.map(|(batch, _)| batch);
    for batch in stored {
        rollup_delta.add_batch(batch);
        add_reports(&mut tx, batch, &mut reported).await?;
    }
    for environment in reported {
        for kind in [ReportKind::Error, ReportKind::Feedback] {
            delete_excess_reports(&mut tx, environment, kind).await?;
        }
    }
    let known = sessions::read_sessions(&mut tx, rollup_delta.sessions.keys()).await?;
    rollup_delta.reconcile_sessions(&known);
    let admitted =
        labels::admit_sent_labels(&mut tx, &rollup_delta.sent_labels(), minute_of(newest)).await?;
    rollup_delta.fold_labels(&admitted);
    let rollups = &rollup_delta.rows;
    rollups::merge(&mut tx, rollups, newest).await?;
    sessions::save_sessions(&mut tx, &rollup_delta.sessions, &known, day_of(newest)).await?;
    let days = activity::add_activities(&mut tx, &rollup_delta.activities).await?;
    if !batches.is_empty() {
        delete_expired(&mut tx, newest).await?;
    }
    let buckets = |kind, resolution| {
        let buckets =
            rollups.keys().map(move |key| (key.environment, kind, key.bucket(resolution)));
        buckets.collect::<BTreeSet<_>>()
    };
    let mut touched = buckets(Kind::Minutes, Resolution::Minute);
    touched.extend(buckets(Kind::Hours, Resolution::Hour));
    touched.extend(days.into_iter().map(|(environment, day)| (environment, Kind::Activity, day)));
    let committed = commit_transaction(tx).await;
    // Also after a failed commit, because its outcome is unknown.
    query_cache.invalidate(touched);
    committed.map(|()| outcomes)
}

/// Deletes batch ids, sessions and labels that have expired.
async fn delete_expired(tx: &mut SqliteConnection, newest: Timestamp) -> Result<(), StoreError> {
    let minute = minute_of(newest);
    for (delete, before) in [
        ("DELETE FROM batches WHERE minute < ?", minute - BATCH_ID_MINUTES),
        ("DELETE FROM sessions WHERE day < ?", minute / (24 * 60) - SESSION_DAYS),
    ] {
        sqlx::query(delete).bind(before).execute(&mut *tx).await.map_err(database_error)?;
    }
    labels::delete_unused_labels(tx, minute).await
}

/// Returns the minute of the newest batch. The index is read from its newest end, where usually the
/// first entry matches.
pub(super) async fn read_last_minute(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Option<i64>, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT minute FROM batches INDEXED BY batches_by_minute
         WHERE environment_id = ? AND minute > 0 ORDER BY minute DESC LIMIT 1",
    )
    .bind(environment.0)
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)?;
    if newest.is_some() {
        return Ok(newest);
    }
    // The ids have expired: the last day with an active user is the best estimate.
    let day: Option<i64> = sqlx::query_scalar(
        "SELECT max(day) FROM activities WHERE environment_id = ? AND activity = 'active'",
    )
    .bind(environment.0)
    .fetch_one(&db.reader)
    .await
    .map_err(database_error)?;
    Ok(day.map(|day| day * 24 * 60))
}

/// Returns the ids of batches that are stored already. Their raw events must not be written again,
/// because their user may have been erased since.
async fn read_known_ids(
    db: &Database,
    batches: &[&Batch],
) -> Result<BTreeSet<(i64, String)>, StoreError> {
    let all: Vec<Value> = batches.iter().map(|b| json!([b.environment.0, b.id])).collect();
    let known: Vec<(i64, String)> = sqlx::query_as(
        "SELECT b.environment_id, b.id FROM json_each(?) AS j CROSS JOIN batches AS b
         ON b.environment_id = j.value ->> 0 AND b.id = j.value ->> 1",
    )
    .bind(Value::Array(all).to_string())
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    Ok(known.into_iter().collect())
}

/// Stores the ids of batches. Of several batches with the same id, the first one counts.
async fn store_batch_ids(
    tx: &mut SqliteConnection,
    batches: &[Batch],
) -> Result<Vec<Appended>, StoreError> {
    let all = batches.iter().map(|b| json!([b.environment.0, b.id, minute_of(b.received_at)]));
    let all = Value::Array(all.collect()).to_string();
    let fresh: Vec<(i64, String)> = sqlx::query_as(
        "INSERT INTO batches (environment_id, id, minute)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
         ON CONFLICT DO NOTHING RETURNING environment_id, id",
    )
    .bind(all)
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let mut fresh: BTreeSet<(i64, String)> = fresh.into_iter().collect();
    let outcome = |batch: &Batch| match fresh.remove(&(batch.environment.0, batch.id.clone())) {
        true => Appended::Stored,
        false => Appended::Repeated,
    };
    Ok(batches.iter().map(outcome).collect())
}

async fn add_reports(
    tx: &mut SqliteConnection,
    batch: &Batch,
    reported: &mut BTreeSet<EnvironmentId>,
) -> Result<(), StoreError> {
    for event in &batch.events {
        match &event.kind {
            EventKind::Error(report) => {
                add_report(tx, batch, ReportKind::Error, event.at, report).await?;
            }
            EventKind::Feedback(report) => {
                add_report(tx, batch, ReportKind::Feedback, event.at, report).await?;
            }
            _ => continue,
        }
        reported.insert(batch.environment);
    }
    Ok(())
}

async fn add_report(
    tx: &mut SqliteConnection,
    batch: &Batch,
    kind: ReportKind,
    at: Timestamp,
    report: &impl Serialize,
) -> Result<(), StoreError> {
    let report = serde_json::to_string(report).map_err(|error| damaged_error("report")(&error))?;
    sqlx::query(
        "INSERT INTO reports (environment_id, kind, at, report, user_hash) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(batch.environment.0)
    .bind(kind.as_str())
    .bind(at.timestamp_millis())
    .bind(report)
    .bind(batch.visit.who.map(|(user, _)| user.0.cast_signed()))
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Deletes the oldest reports of a kind above its limit. Critical errors have a separate limit of
/// the same size, so that a flood of other errors cannot displace them.
async fn delete_excess_reports(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    kind: ReportKind,
) -> Result<(), StoreError> {
    for is_critical in [false, true] {
        sqlx::query(
            "DELETE FROM reports WHERE id IN (
                 SELECT id FROM reports WHERE environment_id = ?1 AND kind = ?2
                   AND (coalesce(report ->> '$.severity', '') = 'critical') = ?4
                 ORDER BY id DESC LIMIT -1 OFFSET ?3)",
        )
        .bind(environment.0)
        .bind(kind.as_str())
        .bind(kind.max_stored())
        .bind(is_critical)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    }
    Ok(())
}
