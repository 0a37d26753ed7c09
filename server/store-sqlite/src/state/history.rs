//! The history: appended to, never changed.

use phasegate_domain::history::{ActorName, HistoryEntry, SubjectKind};
use phasegate_domain::ids::EnvironmentId;
use phasegate_store::StoreError;
use sqlx::{Sqlite, Transaction};

use super::{from_json, instant, to_json};
use crate::{database::Database, error::database};

pub(super) async fn append(
    tx: &mut Transaction<'_, Sqlite>,
    environment: EnvironmentId,
    entry: &HistoryEntry,
) -> Result<(), StoreError> {
    let (kind, subject) = entry.change.subject();
    sqlx::query(
        "INSERT INTO history (environment_id, at, actor, subject_kind, subject, change)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(environment.0)
    .bind(entry.at.timestamp_millis())
    .bind(&entry.actor.0)
    .bind(kind.as_str())
    .bind(subject)
    .bind(to_json("history", &entry.change)?)
    .execute(&mut **tx)
    .await
    .map_err(database)?;
    Ok(())
}

pub(super) async fn history(
    db: &Database,
    environment: EnvironmentId,
    subject: Option<SubjectKind>,
    limit: u32,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let rows: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT at, actor, change FROM history
         WHERE environment_id = ?1 AND (?2 IS NULL OR subject_kind = ?2)
         ORDER BY id DESC LIMIT ?3",
    )
    .bind(environment.0)
    .bind(subject.map(SubjectKind::as_str))
    .bind(limit)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    rows.into_iter()
        .map(|(at, actor, change)| {
            let change = from_json("history", &change)?;
            Ok(HistoryEntry { at: instant("history", at)?, actor: ActorName(actor), change })
        })
        .collect()
}
