//! The stored data of one user, and its erasure.

use phasegate_domain::{
    Timestamp,
    events::UserHash,
    ids::EnvironmentId,
    privacy::{ErasureReport, UserData, UserDay, UserReport},
};
use phasegate_store::StoreError;
use sqlx::SqliteConnection;

use super::{activity::decode_user_set, raw::RawFolder};
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

/// Maximum number of sets that one transaction changes.
const PART: usize = 500;

type SetKey = (String, i64);

pub(super) async fn read_user_data(
    db: &Database,
    raw: &RawFolder,
    environment: EnvironmentId,
    user: UserHash,
) -> Result<UserData, StoreError> {
    let known: Option<(u32, i64)> =
        sqlx::query_as("SELECT number, first_day FROM users WHERE environment_id = ? AND hash = ?")
            .bind(environment.0)
            .bind(user.0.cast_signed())
            .fetch_optional(&db.reader)
            .await
            .map_err(database_error)?;
    let mut connection = db.reader.acquire().await.map_err(database_error)?;
    let sets = match known {
        Some((number, _)) => find_user_sets(&mut connection, environment, number).await?,
        None => Vec::new(),
    };
    let mut days: Vec<UserDay> =
        sets.into_iter().map(|(activity, day)| UserDay { day, activity }).collect();
    days.sort_by(|a, b| (a.day, &a.activity).cmp(&(b.day, &b.activity)));
    Ok(UserData {
        first_day: known.map(|(_, day)| day),
        days,
        reports: read_user_reports(&mut connection, environment, user).await?,
        batches: raw.read_user_batches(environment, user).await?,
    })
}

/// Returns the sets that contain a user number.
async fn find_user_sets(
    connection: &mut SqliteConnection,
    environment: EnvironmentId,
    number: u32,
) -> Result<Vec<SetKey>, StoreError> {
    let rows: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT activity, day, users FROM activities WHERE environment_id = ? AND chunk = ?",
    )
    .bind(environment.0)
    .bind(number >> 16)
    .fetch_all(connection)
    .await
    .map_err(database_error)?;
    let mut found = Vec::new();
    for (activity, day, users) in rows {
        if decode_user_set(&users)?.contains(number & 0xffff) {
            found.push((activity, day));
        }
    }
    Ok(found)
}

async fn read_user_reports(
    connection: &mut SqliteConnection,
    environment: EnvironmentId,
    user: UserHash,
) -> Result<Vec<UserReport>, StoreError> {
    let rows: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT at, kind, report FROM reports WHERE environment_id = ? AND user_hash = ? ORDER BY id",
    )
    .bind(environment.0)
    .bind(user.0.cast_signed())
    .fetch_all(connection)
    .await
    .map_err(database_error)?;
    let report = |(at, kind, report): (i64, String, String)| {
        let report =
            serde_json::from_str(&report).map_err(|error| damaged_error("report")(&error))?;
        let at = Timestamp::from_timestamp_millis(at)
            .ok_or_else(|| damaged_error("report")(&"a time is out of range"))?;
        Ok(UserReport { at, kind, report })
    };
    rows.into_iter().map(report).collect()
}

pub(super) async fn erase_user_data(
    db: &Database,
    raw: &RawFolder,
    environment: EnvironmentId,
    user: UserHash,
) -> Result<ErasureReport, StoreError> {
    let hash = user.0.cast_signed();
    let mut tx = db.begin_write().await?;
    let number: Option<u32> =
        sqlx::query_scalar("SELECT number FROM users WHERE environment_id = ? AND hash = ?")
            .bind(environment.0)
            .bind(hash)
            .fetch_optional(&mut *tx)
            .await
            .map_err(database_error)?;
    sqlx::query(
        "DELETE FROM screenshots WHERE environment_id = ?1 AND id IN (
             SELECT report ->> 'screenshot' FROM reports
             WHERE environment_id = ?1 AND user_hash = ?2 AND kind = 'feedback')",
    )
    .bind(environment.0)
    .bind(hash)
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    let reports = sqlx::query("DELETE FROM reports WHERE environment_id = ? AND user_hash = ?")
        .bind(environment.0)
        .bind(hash)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?
        .rows_affected();
    commit_transaction(tx).await?;
    let mut erased =
        ErasureReport { was_known: number.is_some(), reports, ..ErasureReport::default() };
    if let Some(number) = number {
        erased.activities = leave_sets(db, environment, number).await?;
        // The user goes last, so that an interrupted erasure can be repeated. Sets that gained the
        // number in the meantime lose it in the same transaction, because another user may get the
        // number next.
        let mut tx = db.begin_write().await?;
        for (activity, day) in find_user_sets(&mut tx, environment, number).await? {
            leave_set(&mut tx, environment, &activity, day, number).await?;
            erased.activities += 1;
        }
        sqlx::query("DELETE FROM users WHERE environment_id = ? AND hash = ?")
            .bind(environment.0)
            .bind(hash)
            .execute(&mut *tx)
            .await
            .map_err(database_error)?;
        commit_transaction(tx).await?;
    }
    erased.batches = raw.erase_user(environment, user).await?;
    Ok(erased)
}

/// Removes a user number from all sets, and returns the number of sets.
async fn leave_sets(
    db: &Database,
    environment: EnvironmentId,
    number: u32,
) -> Result<u64, StoreError> {
    let mut connection = db.reader.acquire().await.map_err(database_error)?;
    let sets = find_user_sets(&mut connection, environment, number).await?;
    drop(connection);
    for part in sets.chunks(PART) {
        let mut tx = db.begin_write().await?;
        for (activity, day) in part {
            leave_set(&mut tx, environment, activity, *day, number).await?;
        }
        commit_transaction(tx).await?;
    }
    Ok(sets.len() as u64)
}

async fn leave_set(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    activity: &str,
    day: i64,
    number: u32,
) -> Result<(), StoreError> {
    let set: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT users FROM activities
         WHERE environment_id = ? AND activity = ? AND day = ? AND chunk = ?",
    )
    .bind(environment.0)
    .bind(activity)
    .bind(day)
    .bind(number >> 16)
    .fetch_optional(&mut *tx)
    .await
    .map_err(database_error)?;
    let Some(set) = set else { return Ok(()) };
    let mut users = decode_user_set(&set)?;
    users.remove(number & 0xffff);
    sqlx::query(
        "UPDATE activities SET users = ?
         WHERE environment_id = ? AND activity = ? AND day = ? AND chunk = ?",
    )
    .bind(users.to_bytes())
    .bind(environment.0)
    .bind(activity)
    .bind(day)
    .bind(number >> 16)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}
