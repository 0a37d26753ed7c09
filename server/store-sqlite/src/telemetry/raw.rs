//! Events as pages sent them: one file for each day, so that forgetting a day is deleting a file.
//!
//! The file of the day is attached to the connection that writes, and is part of its transactions.
//! SQLite makes those atomic for each file by itself: after a power cut a batch may be here that is
//! not in the main file. Then it was not acknowledged, and will come again; whoever reads takes the
//! first of a batch's rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate};
use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    telemetry::{Batch, Kept, PersonBatch, PersonHash, Retention, day_of},
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::append::hex;
use crate::{
    database::Database,
    error::{damaged, database},
};

/// Where the files of the days are.
#[derive(Debug, Clone)]
pub(super) struct RawFolder(PathBuf);

/// A day's file, with what SQLite keeps beside it.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS raw.batches (
    environment_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    person INTEGER,
    content BLOB NOT NULL
) STRICT";

impl RawFolder {
    /// Beside the main file.
    pub(super) fn beside(main: &Path) -> Self {
        Self(main.with_extension("raw"))
    }

    fn file(&self, day: i64) -> PathBuf {
        let date = DateTime::from_timestamp(day * 86_400, 0).map(|at| at.date_naive());
        self.0.join(format!("{}.db", date.unwrap_or_default()))
    }

    /// The days that have a file, oldest first.
    pub(super) fn days(&self) -> Result<BTreeSet<i64>, StoreError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(failed(error)),
        };
        let day = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let date: NaiveDate = name.strip_suffix(".db")?.parse().ok()?;
            Some(day_of(date.and_hms_opt(0, 0, 0)?.and_utc()))
        };
        Ok(entries.filter_map(Result::ok).filter_map(day).collect())
    }

    /// The bytes of all files.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        let days = self.days()?;
        Ok(days.into_iter().map(|day| self.bytes_of(day)).sum())
    }

    fn bytes_of(&self, day: i64) -> u64 {
        let path = self.file(day).into_os_string();
        let size = |ending: &str| {
            let mut path = path.clone();
            path.push(ending);
            fs::metadata(path).map_or(0, |found| found.len())
        };
        ENDINGS.into_iter().map(size).sum()
    }

    /// Makes the connection that writes have the file of a day.
    pub(super) async fn attach(&self, db: &Database, day: i64) -> Result<(), StoreError> {
        let mut connection = db.writer().await?;
        let attached: Option<String> =
            sqlx::query_scalar("SELECT file FROM pragma_database_list WHERE name = 'raw'")
                .fetch_optional(&mut *connection)
                .await
                .map_err(database)?;
        let file = self.file(day);
        if attached.as_ref().is_some_and(|path| Path::new(path).file_name() == file.file_name()) {
            return Ok(());
        }
        if attached.is_some() {
            sqlx::query("DETACH raw").execute(&mut *connection).await.map_err(database)?;
        }
        fs::create_dir_all(&self.0).map_err(failed)?;
        // An empty file is an empty database; what is attached is not made by itself.
        fs::File::options().append(true).create(true).open(&file).map_err(failed)?;
        sqlx::query("ATTACH ? AS raw")
            .bind(file.display().to_string())
            .execute(&mut *connection)
            .await
            .map_err(database)?;
        for prepare in ["PRAGMA raw.journal_mode = WAL", "PRAGMA raw.synchronous = FULL", TABLE] {
            sqlx::query(prepare).execute(&mut *connection).await.map_err(database)?;
        }
        Ok(())
    }

    /// Forgets the days that nobody keeps any more, and what some environments keep for less long.
    pub(super) async fn forget(
        &self,
        db: &Database,
        today: i64,
        kept: &BTreeMap<EnvironmentId, Retention>,
    ) -> Result<(), StoreError> {
        let since = |kept: &Retention| kept.kept_since(Kept::Raw, today).unwrap_or(i64::MIN);
        let longest = kept.values().map(since).min().unwrap_or(i64::MIN);
        for day in self.days()? {
            if day < longest {
                self.delete(db, day).await?;
                continue;
            }
            let gone = kept.iter().filter(|(_, kept)| day < since(kept)).map(|(id, _)| id.0);
            let gone: Vec<i64> = gone.collect();
            if !gone.is_empty() {
                let mut connection = self.open(day, false).await?;
                sqlx::query(
                    "DELETE FROM batches WHERE environment_id IN (SELECT value FROM json_each(?))",
                )
                .bind(json!(gone).to_string())
                .execute(&mut connection)
                .await
                .map_err(database)?;
                connection.close().await.map_err(database)?;
            }
        }
        Ok(())
    }

    async fn delete(&self, db: &Database, day: i64) -> Result<(), StoreError> {
        let mut connection = db.writer().await?;
        let file = self.file(day);
        let attached: Option<String> =
            sqlx::query_scalar("SELECT file FROM pragma_database_list WHERE name = 'raw'")
                .fetch_optional(&mut *connection)
                .await
                .map_err(database)?;
        if attached.is_some_and(|path| Path::new(&path).file_name() == file.file_name()) {
            sqlx::query("DETACH raw").execute(&mut *connection).await.map_err(database)?;
        }
        for ending in ENDINGS {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// A connection of its own to a day's file.
    async fn open(&self, day: i64, read_only: bool) -> Result<SqliteConnection, StoreError> {
        SqliteConnectOptions::new()
            .filename(self.file(day))
            .read_only(read_only)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await
            .map_err(database)
    }

    /// Somebody's batches, oldest first.
    pub(super) async fn of_person(
        &self,
        environment: EnvironmentId,
        person: PersonHash,
    ) -> Result<Vec<PersonBatch>, StoreError> {
        let mut found = Vec::new();
        for day in self.days()? {
            let mut connection = self.open(day, true).await?;
            // With `min`, the other columns are those of the first row.
            let rows: Vec<(i64, Vec<u8>, i64)> = sqlx::query_as(
                "SELECT at, content, min(rowid) FROM batches
                 WHERE environment_id = ? AND person = ? GROUP BY id ORDER BY 3",
            )
            .bind(environment.0)
            .bind(person.0.cast_signed())
            .fetch_all(&mut connection)
            .await
            .map_err(database)?;
            connection.close().await.map_err(database)?;
            for (at, content, _) in rows {
                found.push(read(at, &content)?);
            }
        }
        Ok(found)
    }

    /// Forgets somebody's batches; says how many there were.
    pub(super) async fn forget_person(
        &self,
        environment: EnvironmentId,
        person: PersonHash,
    ) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for day in self.days()? {
            let mut connection = self.open(day, false).await?;
            let done = sqlx::query("DELETE FROM batches WHERE environment_id = ? AND person = ?")
                .bind(environment.0)
                .bind(person.0.cast_signed())
                .execute(&mut connection)
                .await
                .map_err(database)?;
            forgotten += done.rows_affected();
            connection.close().await.map_err(database)?;
        }
        Ok(forgotten)
    }
}

/// Adds batches to the file that is attached.
pub(super) async fn add<'a>(
    tx: &mut SqliteConnection,
    batches: impl Iterator<Item = &'a Batch>,
) -> Result<(), StoreError> {
    let row = |batch: &Batch| {
        let person = batch.visit.who.map(|(person, _)| person.0.cast_signed());
        let at = batch.received_at.timestamp_millis();
        json!([batch.environment.0, batch.id, at, person, hex(&batch.raw)])
    };
    let rows: Vec<Value> = batches.map(row).collect();
    sqlx::query(
        "INSERT INTO raw.batches (environment_id, id, at, person, content)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4)
         FROM json_each(?)",
    )
    .bind(Value::Array(rows).to_string())
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(())
}

fn read(at: i64, content: &[u8]) -> Result<PersonBatch, StoreError> {
    let wrong = |what: &dyn std::fmt::Display| damaged("raw events")(what);
    let text = zstd::decode_all(content).map_err(|error| wrong(&error))?;
    let content = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let received_at =
        Timestamp::from_timestamp_millis(at).ok_or_else(|| wrong(&"a time is out of range"))?;
    Ok(PersonBatch { received_at, content })
}

fn failed(error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Database(Box::new(error)),
    }
}
