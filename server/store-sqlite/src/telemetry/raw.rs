//! Raw events as pages sent them, in one file per day, so that a day is deleted by deleting a file.
//!
//! They are written durably and before the rollups: after a power cut, a batch may be here that is
//! not in the rollups. Then it was not acknowledged and is sent again; readers take the first row
//! of each batch.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate};
use data_encoding::HEXUPPER;
use phasegate_domain::{
    Timestamp,
    events::{Batch, UserHash},
    ids::EnvironmentId,
    privacy::UserBatch,
    time::day_of,
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::Mutex;

use crate::{
    error::{damaged_error, database_error},
    files,
};

/// The folder of the day files, and the open connection to the file that is written to.
#[derive(Debug, Clone)]
pub(super) struct RawFolder {
    folder: PathBuf,
    /// Locked while a file is changed, so that no change waits for SQLite's locks.
    open: Arc<Mutex<Option<(i64, SqliteConnection)>>>,
}

/// Rows that one statement deletes.
const PART: usize = 500;

/// Suffixes of a day file and of the files that SQLite keeps beside it.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// The column `person` holds the hash of the user. It keeps its name, because day files of earlier
/// versions are not migrated.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS batches (
    environment_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    person INTEGER,
    content BLOB NOT NULL
) STRICT";

impl RawFolder {
    /// Returns the folder beside the main file.
    pub(super) fn for_database(main: &Path) -> Self {
        Self { folder: main.with_extension("raw"), open: Arc::default() }
    }

    /// Checks that files can be created in the folder and that the existing ones can be written.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        files::check_folder(&self.folder)?;
        self.list_days()?.into_iter().try_for_each(|day| files::check_files(&self.day_path(day)))
    }

    fn day_path(&self, day: i64) -> PathBuf {
        let date = DateTime::from_timestamp(day * 86_400, 0).map(|at| at.date_naive());
        self.folder.join(format!("{}.db", date.unwrap_or_default()))
    }

    /// Returns the days that have a file, oldest first.
    pub(super) fn list_days(&self) -> Result<BTreeSet<i64>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(io_error(error)),
        };
        let day = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let date: NaiveDate = name.strip_suffix(".db")?.parse().ok()?;
            Some(day_of(date.and_hms_opt(0, 0, 0)?.and_utc()))
        };
        Ok(entries.filter_map(Result::ok).filter_map(day).collect())
    }

    /// Returns the size of all files in bytes.
    pub(super) fn total_bytes(&self) -> Result<u64, StoreError> {
        let days = self.list_days()?;
        Ok(days.into_iter().map(|day| self.day_bytes(day)).sum())
    }

    fn day_bytes(&self, day: i64) -> u64 {
        let path = self.day_path(day).into_os_string();
        let size = |ending: &str| {
            let mut path = path.clone();
            path.push(ending);
            fs::metadata(path).map_or(0, |found| found.len())
        };
        ENDINGS.into_iter().map(size).sum()
    }

    /// Adds batches to the file of a day.
    pub(super) async fn add_batches(&self, day: i64, batches: &[&Batch]) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        let written = self.write_batches(&mut open, day, batches).await;
        if written.is_err() {
            // The next call opens a new connection.
            *open = None;
        }
        written
    }

    /// Closes the file that is written to; SQLite then checkpoints its WAL.
    pub(super) async fn close_open_file(&self) -> Result<(), StoreError> {
        match self.open.lock().await.take() {
            Some((_, connection)) => connection.close().await.map_err(database_error),
            None => Ok(()),
        }
    }

    async fn write_batches(
        &self,
        open: &mut Option<(i64, SqliteConnection)>,
        day: i64,
        batches: &[&Batch],
    ) -> Result<(), StoreError> {
        if open.as_ref().is_none_or(|(of, _)| *of != day) {
            *open = None;
            fs::create_dir_all(&self.folder).map_err(io_error)?;
            let mut connection = self.connect_to_day(day, false, true).await?;
            sqlx::query(TABLE).execute(&mut connection).await.map_err(database_error)?;
            *open = Some((day, connection));
        }
        let Some((_, connection)) = open else { return Ok(()) };
        let mut tx = connection.begin().await.map_err(database_error)?;
        insert_batches(&mut tx, batches).await?;
        tx.commit().await.map_err(database_error)
    }

    /// Deletes the rows of each environment before its day, and whole files before all days.
    pub(super) async fn delete_before(
        &self,
        first_days: &BTreeMap<EnvironmentId, i64>,
    ) -> Result<(), StoreError> {
        let Some(earliest) = first_days.values().min() else { return Ok(()) };
        for day in self.list_days()? {
            if day < *earliest {
                self.delete_day(day).await?;
                continue;
            }
            for (environment, _) in first_days.iter().filter(|(_, first)| day < **first) {
                self.delete_rows(day, environment.0, None).await?;
            }
        }
        Ok(())
    }

    async fn delete_day(&self, day: i64) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|(of, _)| *of == day)
            && let Some((_, connection)) = open.take()
        {
            connection.close().await.map_err(database_error)?;
        }
        let file = self.day_path(day);
        for ending in ENDINGS {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens a new connection to a day's file.
    async fn connect_to_day(
        &self,
        day: i64,
        read_only: bool,
        create: bool,
    ) -> Result<SqliteConnection, StoreError> {
        SqliteConnectOptions::new()
            .filename(self.day_path(day))
            .read_only(read_only)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await
            .map_err(database_error)
    }

    /// Returns the row ids of an environment, or of one of its users, in a day's file. A file
    /// without the table has none.
    async fn read_row_ids(
        connection: &mut SqliteConnection,
        environment: i64,
        user: Option<UserHash>,
    ) -> Result<Vec<i64>, StoreError> {
        let begun: i64 =
            sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'batches'")
                .fetch_one(&mut *connection)
                .await
                .map_err(database_error)?;
        if begun == 0 {
            return Ok(Vec::new());
        }
        sqlx::query_scalar(
            "SELECT rowid FROM batches
             WHERE environment_id = ?1 AND (?2 IS NULL OR person = ?2) ORDER BY rowid",
        )
        .bind(environment)
        .bind(user.map(|user| user.0.cast_signed()))
        .fetch_all(connection)
        .await
        .map_err(database_error)
    }

    /// Deletes the rows of an environment or user, a part at a time. Returns their number.
    async fn delete_rows(
        &self,
        day: i64,
        environment: i64,
        user: Option<UserHash>,
    ) -> Result<u64, StoreError> {
        let mut connection = self.connect_to_day(day, false, false).await?;
        let places = Self::read_row_ids(&mut connection, environment, user).await?;
        for part in places.chunks(PART) {
            let _turn = self.open.lock().await;
            sqlx::query("DELETE FROM batches WHERE rowid IN (SELECT value FROM json_each(?))")
                .bind(json!(part).to_string())
                .execute(&mut connection)
                .await
                .map_err(database_error)?;
        }
        connection.close().await.map_err(database_error)?;
        Ok(places.len() as u64)
    }

    /// Returns the batches of a user, oldest first.
    pub(super) async fn read_user_batches(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<Vec<UserBatch>, StoreError> {
        let mut found = Vec::new();
        for day in self.list_days()? {
            let mut connection = self.connect_to_day(day, true, false).await?;
            let places = Self::read_row_ids(&mut connection, environment.0, Some(user)).await?;
            if places.is_empty() {
                continue;
            }
            // With `min`, SQLite takes the other columns from the first row.
            let rows: Vec<(i64, Vec<u8>, i64)> = sqlx::query_as(
                "SELECT at, content, min(rowid) FROM batches
                 WHERE rowid IN (SELECT value FROM json_each(?)) GROUP BY id ORDER BY 3",
            )
            .bind(json!(places).to_string())
            .fetch_all(&mut connection)
            .await
            .map_err(database_error)?;
            connection.close().await.map_err(database_error)?;
            for (at, content, _) in rows {
                found.push(decode_batch(at, &content)?);
            }
        }
        Ok(found)
    }

    /// Deletes the batches of a user; returns how many there were.
    pub(super) async fn erase_user(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<u64, StoreError> {
        let mut erased = 0;
        for day in self.list_days()? {
            erased += self.delete_rows(day, environment.0, Some(user)).await?;
        }
        Ok(erased)
    }
}

async fn insert_batches(tx: &mut SqliteConnection, batches: &[&Batch]) -> Result<(), StoreError> {
    let row = |batch: &&Batch| {
        let user = batch.visit.who.map(|(user, _)| user.0.cast_signed());
        let at = batch.received_at.timestamp_millis();
        json!([batch.environment.0, batch.id, at, user, HEXUPPER.encode(&batch.raw)])
    };
    let rows: Vec<Value> = batches.iter().map(row).collect();
    sqlx::query(
        "INSERT INTO batches (environment_id, id, at, person, content)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4)
         FROM json_each(?) ORDER BY key",
    )
    .bind(Value::Array(rows).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

fn decode_batch(at: i64, content: &[u8]) -> Result<UserBatch, StoreError> {
    let wrong = |what: &dyn std::fmt::Display| damaged_error("raw events")(what);
    let text = zstd::decode_all(content).map_err(|error| wrong(&error))?;
    let content = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let received_at =
        Timestamp::from_timestamp_millis(at).ok_or_else(|| wrong(&"a time is out of range"))?;
    Ok(UserBatch { received_at, content })
}

fn io_error(error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Database(Box::new(error)),
    }
}
