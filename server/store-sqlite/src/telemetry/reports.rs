//! Error reports and feedback, which are stored in full.

use phasegate_domain::{
    Timestamp,
    events::{Report, ReportBody, ReportGroup, StoredReport},
    ids::EnvironmentId,
};
use phasegate_store::StoreError;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::{
    database::Database,
    error::{damaged_error, database_error},
};

/// The values of the column `kind`.
pub(super) const ERROR: &str = "error";
pub(super) const FEEDBACK: &str = "feedback";

pub(super) async fn add_reports(
    tx: &mut SqliteConnection,
    reports: &[Report<'_>],
) -> Result<(), StoreError> {
    let row = |report: &Report<'_>| {
        let (kind, body) = match report.body {
            ReportBody::Error(body) => (ERROR, serde_json::to_string(body)),
            ReportBody::Feedback(body) => (FEEDBACK, serde_json::to_string(body)),
        };
        let body = body.map_err(|error| damaged_error("report")(&error))?;
        let user = report.user.map(|user| user.0.cast_signed());
        Ok(json!([report.environment.0, kind, report.at.timestamp_millis(), body, user]))
    };
    let rows: Vec<Value> = reports.iter().map(row).collect::<Result<_, StoreError>>()?;
    sqlx::query(
        "INSERT INTO reports (environment_id, kind, at, report, user_hash)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
         FROM json_each(?) ORDER BY key",
    )
    .bind(Value::Array(rows).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

pub(super) async fn delete_excess_reports(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    group: ReportGroup,
    limit: u32,
) -> Result<(), StoreError> {
    let (kind, is_critical) = match group {
        ReportGroup::Errors => (ERROR, false),
        ReportGroup::CriticalErrors => (ERROR, true),
        ReportGroup::Feedback => (FEEDBACK, false),
    };
    sqlx::query(
        "DELETE FROM reports WHERE id IN (
             SELECT id FROM reports WHERE environment_id = ?1 AND kind = ?2
               AND (coalesce(report ->> '$.severity', '') = 'critical') = ?4
             ORDER BY id DESC LIMIT -1 OFFSET ?3)",
    )
    .bind(environment.0)
    .bind(kind)
    .bind(limit)
    .bind(is_critical)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

pub(super) async fn read_reports<T: DeserializeOwned>(
    db: &Database,
    environment: EnvironmentId,
    kind: &'static str,
    limit: u32,
) -> Result<Vec<StoredReport<T>>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT at, report FROM reports WHERE environment_id = ? AND kind = ?
         ORDER BY id DESC LIMIT ?",
    )
    .bind(environment.0)
    .bind(kind)
    .bind(limit)
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    rows.into_iter()
        .map(|(at, report)| {
            let report =
                serde_json::from_str(&report).map_err(|error| damaged_error("report")(&error))?;
            let at = Timestamp::from_timestamp_millis(at)
                .ok_or_else(|| damaged_error("report")(&"a time is out of range"))?;
            Ok(StoredReport { at, report })
        })
        .collect()
}
