//! Error reports and feedback, which are stored in full.

use phasegate_domain::{Timestamp, ids::EnvironmentId, reports::Reported};
use phasegate_store::StoreError;
use serde::de::DeserializeOwned;

use super::report_kind::ReportKind;
use crate::{
    database::Database,
    error::{damaged_error, database_error},
};

pub(super) async fn read_reports<T: DeserializeOwned>(
    db: &Database,
    environment: EnvironmentId,
    kind: ReportKind,
    limit: u32,
) -> Result<Vec<Reported<T>>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT at, report FROM reports WHERE environment_id = ? AND kind = ?
         ORDER BY id DESC LIMIT ?",
    )
    .bind(environment.0)
    .bind(kind.as_str())
    .bind(limit)
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    rows.into_iter()
        .map(|(at, report)| {
            let what =
                serde_json::from_str(&report).map_err(|error| damaged_error("report")(&error))?;
            let at = Timestamp::from_timestamp_millis(at)
                .ok_or_else(|| damaged_error("report")(&"a time is out of range"))?;
            Ok(Reported { at, what })
        })
        .collect()
}
