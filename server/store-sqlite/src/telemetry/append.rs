//! Group commit: many batches in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    telemetry::{
        Batch, FactKind, MAX_LABELS, OTHER_LABEL, Rollup, RollupKey, Series, minute_of, roll_up,
    },
};
use phasegate_store::{Appended, StoreError};
use serde::Serialize;
use sqlx::{Sqlite, Transaction};

use super::{ReportKind, read::decode};
use crate::{
    database::{Database, commit},
    error::{damaged, database},
};

/// How long a batch id is remembered, in minutes: a day longer than a collector keeps a batch that
/// it cannot deliver.
const REMEMBERED_MINUTES: i64 = 8 * 24 * 60;

/// How long a label that is not heard of keeps its place, in minutes.
const LABEL_MINUTES: i64 = 2 * 24 * 60;

pub(super) async fn append(db: &Database, batches: &[Batch]) -> Result<Vec<Appended>, StoreError> {
    let mut tx = db.write().await?;
    let mut outcomes = Vec::with_capacity(batches.len());
    let mut rows = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for batch in batches {
        let outcome = remember(&mut tx, batch).await?;
        if outcome == Appended::Stored {
            roll_up(batch, &mut rows);
            add_reports(&mut tx, batch, &mut reported).await?;
        }
        outcomes.push(outcome);
    }
    for (key, row) in bound_labels(&mut tx, rows).await? {
        merge(&mut tx, &key, row).await?;
    }
    for environment in reported {
        for kind in [ReportKind::Error, ReportKind::Feedback] {
            forget_old_reports(&mut tx, environment, kind).await?;
        }
    }
    if let Some(newest) = batches.iter().map(|batch| batch.received_at).max() {
        for (forget, kept) in [
            ("DELETE FROM batches WHERE minute < ?", REMEMBERED_MINUTES),
            ("DELETE FROM labels WHERE minute < ?", LABEL_MINUTES),
        ] {
            sqlx::query(forget)
                .bind(minute_of(newest) - kept)
                .execute(&mut *tx)
                .await
                .map_err(database)?;
        }
    }
    commit(tx).await?;
    Ok(outcomes)
}

async fn remember(tx: &mut Transaction<'_, Sqlite>, batch: &Batch) -> Result<Appended, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO batches (environment_id, id, minute) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(batch.environment.0)
    .bind(&batch.id)
    .bind(minute_of(batch.received_at))
    .execute(&mut **tx)
    .await
    .map_err(database)?;
    Ok(if inserted.rows_affected() == 1 { Appended::Stored } else { Appended::Repeated })
}

async fn add_reports(
    tx: &mut Transaction<'_, Sqlite>,
    batch: &Batch,
    reported: &mut BTreeSet<EnvironmentId>,
) -> Result<(), StoreError> {
    for fact in &batch.facts {
        match &fact.kind {
            FactKind::Error(report) => {
                add_report(tx, batch.environment, ReportKind::Error, fact.at, report).await?;
            }
            FactKind::Feedback(report) => {
                add_report(tx, batch.environment, ReportKind::Feedback, fact.at, report).await?;
            }
            _ => continue,
        }
        reported.insert(batch.environment);
    }
    Ok(())
}

async fn add_report(
    tx: &mut Transaction<'_, Sqlite>,
    environment: EnvironmentId,
    kind: ReportKind,
    at: Timestamp,
    report: &impl Serialize,
) -> Result<(), StoreError> {
    let report = serde_json::to_string(report).map_err(|error| damaged("report")(&error))?;
    sqlx::query("INSERT INTO reports (environment_id, kind, at, report) VALUES (?, ?, ?, ?)")
        .bind(environment.0)
        .bind(kind.as_str())
        .bind(at.timestamp_millis())
        .bind(report)
        .execute(&mut **tx)
        .await
        .map_err(database)?;
    Ok(())
}

async fn forget_old_reports(
    tx: &mut Transaction<'_, Sqlite>,
    environment: EnvironmentId,
    kind: ReportKind,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM reports WHERE environment_id = ?1 AND kind = ?2 AND id <= (
             SELECT id FROM reports WHERE environment_id = ?1 AND kind = ?2
             ORDER BY id DESC LIMIT 1 OFFSET ?3)",
    )
    .bind(environment.0)
    .bind(kind.as_str())
    .bind(kind.kept())
    .execute(&mut **tx)
    .await
    .map_err(database)?;
    Ok(())
}

/// Moves rows whose label is one too many to [`OTHER_LABEL`].
async fn bound_labels(
    tx: &mut Transaction<'_, Sqlite>,
    rows: BTreeMap<RollupKey, Rollup>,
) -> Result<BTreeMap<RollupKey, Rollup>, StoreError> {
    let mut known: BTreeMap<(EnvironmentId, Series, String), bool> = BTreeMap::new();
    let mut bounded: BTreeMap<RollupKey, Rollup> = BTreeMap::new();
    for (mut key, row) in rows {
        if !key.label.is_empty() {
            let place = (key.environment, key.series, key.label.clone());
            let is_known = match known.get(&place) {
                Some(is_known) => *is_known,
                None => admit_label(tx, &key).await?,
            };
            known.insert(place, is_known);
            if !is_known {
                OTHER_LABEL.clone_into(&mut key.label);
            }
        }
        bounded.entry(key).or_default().merge(&row);
    }
    Ok(bounded)
}

async fn admit_label(
    tx: &mut Transaction<'_, Sqlite>,
    key: &RollupKey,
) -> Result<bool, StoreError> {
    sqlx::query(
        "INSERT INTO labels (environment_id, series, label, minute)
         SELECT ?1, ?2, ?3, ?4
         WHERE (SELECT count(*) FROM labels WHERE environment_id = ?1 AND series = ?2) < ?5
             OR EXISTS (SELECT 1 FROM labels
                        WHERE environment_id = ?1 AND series = ?2 AND label = ?3)
         ON CONFLICT DO UPDATE SET minute = max(minute, excluded.minute)",
    )
    .bind(key.environment.0)
    .bind(key.series.as_str())
    .bind(&key.label)
    .bind(key.minute)
    .bind(MAX_LABELS)
    .execute(&mut **tx)
    .await
    .map_err(database)?;
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM labels WHERE environment_id = ? AND series = ? AND label = ?)",
    )
    .bind(key.environment.0)
    .bind(key.series.as_str())
    .bind(&key.label)
    .fetch_one(&mut **tx)
    .await
    .map_err(database)
}

async fn merge(
    tx: &mut Transaction<'_, Sqlite>,
    key: &RollupKey,
    mut row: Rollup,
) -> Result<(), StoreError> {
    let stored: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT count, sketch FROM rollups
         WHERE environment_id = ? AND minute = ? AND series = ? AND label = ?",
    )
    .bind(key.environment.0)
    .bind(key.minute)
    .bind(key.series.as_str())
    .bind(&key.label)
    .fetch_optional(&mut **tx)
    .await
    .map_err(database)?;
    if let Some((count, sketch)) = stored {
        row.merge(&decode(count, &sketch)?);
    }
    row.settle();
    sqlx::query(
        "INSERT OR REPLACE INTO rollups (environment_id, minute, series, label, count, sketch)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(key.environment.0)
    .bind(key.minute)
    .bind(key.series.as_str())
    .bind(&key.label)
    .bind(i64::try_from(row.count).unwrap_or(i64::MAX))
    .bind(row.sketch.to_bytes())
    .execute(&mut **tx)
    .await
    .map_err(database)?;
    Ok(())
}
