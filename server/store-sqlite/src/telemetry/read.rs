//! What panels read: rollup rows and the newest reports.

use phasegate_domain::{
    Timestamp,
    dashboard::Reported,
    ids::EnvironmentId,
    stats::Sketch,
    telemetry::{Rollup, RollupKey, Series},
};
use phasegate_store::StoreError;
use serde::de::DeserializeOwned;

use super::ReportKind;
use crate::{
    database::Database,
    error::{damaged, database},
};

/// A stored row's content.
pub(super) fn decode(count: i64, sketch: &[u8]) -> Result<Rollup, StoreError> {
    let sketch = Sketch::from_bytes(sketch).map_err(|error| damaged("rollup")(&error))?;
    let count = u64::try_from(count).map_err(|error| damaged("rollup")(&error))?;
    Ok(Rollup { count, sketch, ..Rollup::default() })
}

pub(super) async fn rollups(
    db: &Database,
    environment: EnvironmentId,
    from_minute: i64,
    to_minute: i64,
) -> Result<Vec<(RollupKey, Rollup)>, StoreError> {
    let rows: Vec<(i64, String, String, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT minute, series, label, count, sketch FROM rollups
         WHERE environment_id = ? AND minute >= ? AND minute < ?
         ORDER BY minute, series, label",
    )
    .bind(environment.0)
    .bind(from_minute)
    .bind(to_minute)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    rows.into_iter()
        .map(|(minute, series, label, count, sketch)| {
            let series = Series::parse(&series)
                .ok_or_else(|| damaged("rollup")(&format_args!("unknown series {series}")))?;
            Ok((RollupKey { environment, series, label, minute }, decode(count, &sketch)?))
        })
        .collect()
}

pub(super) async fn reports<T: DeserializeOwned>(
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
    .map_err(database)?;
    rows.into_iter()
        .map(|(at, report)| {
            let what = serde_json::from_str(&report).map_err(|error| damaged("report")(&error))?;
            let at = Timestamp::from_timestamp_millis(at)
                .ok_or_else(|| damaged("report")(&"a time is out of range"))?;
            Ok(Reported { at, what })
        })
        .collect()
}
