//! The audit log, which is append-only.

use phasegate_domain::ids::EnvironmentId;
use phasegate_domain::{
    audit::{AuditEntry, AuditRecord, SubjectKind},
    ids::ActorName,
};
use phasegate_store::{StoreError, models::AuditQuery};
use sqlx::SqliteConnection;

use super::columns::{from_json, parse_timestamp, to_json};
use crate::{database::Database, error::database_error};

pub(super) async fn append_entry(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let (kind, subject) = entry.change.subject();
    sqlx::query(
        "INSERT INTO audit_log (environment_id, at, actor, subject_kind, subject, change)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(environment.0)
    .bind(entry.at.timestamp_millis())
    .bind(&entry.actor.0)
    .bind(kind.as_str())
    .bind(subject)
    .bind(to_json("audit log", &entry.change)?)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

pub(super) async fn read_audit_log(
    db: &Database,
    environment: EnvironmentId,
    query: &AuditQuery,
) -> Result<Vec<AuditRecord>, StoreError> {
    let subjects = (!query.subjects.is_empty()).then(|| to_json("subjects", &query.subjects));
    let subjects = subjects.transpose()?;
    let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(
        "SELECT id, at, actor, change FROM audit_log
         WHERE environment_id = ?1 AND (?2 IS NULL OR subject_kind = ?2)
             AND (?3 IS NULL OR subject IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR id < ?4)
             AND (?6 IS NULL OR at >= ?6) AND (?7 IS NULL OR at < ?7)
             AND (?10 IS NULL OR subject_kind <> ?10)
             AND (?8 = '' OR actor = ?8 COLLATE NOCASE)
             AND (?9 = '' OR instr(lower(change), ?9) OR instr(lower(actor), ?9))
         ORDER BY id DESC LIMIT ?5",
    )
    .bind(environment.0)
    .bind(query.kind.map(SubjectKind::as_str))
    .bind(subjects)
    .bind(query.before)
    .bind(query.limit)
    .bind(query.since.map(|since| since.timestamp_millis()))
    .bind(query.until.map(|until| until.timestamp_millis()))
    .bind(&query.actor)
    .bind(query.text.to_ascii_lowercase())
    .bind(query.without.map(SubjectKind::as_str))
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    rows.into_iter()
        .map(|(id, at, actor, change)| {
            let change = from_json("audit log", &change)?;
            let (at, actor) = (parse_timestamp("audit log", at)?, ActorName(actor));
            Ok(AuditRecord { id, entry: AuditEntry { at, actor, change } })
        })
        .collect()
}

pub(super) async fn read_revision(db: &Database) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM audit_log")
        .fetch_one(&db.reader)
        .await
        .map_err(database_error)
}
