//! A SQLite database file: one writing connection, a few reading ones, and migrations.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use phasegate_store::StoreError;
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqlitePool,
    migrate::{MigrateError, Migrator},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::{database_error, open_error},
    files,
    transaction::WriteTransaction,
};

/// Number of queries that read at once; more wait.
const READERS: u32 = 4;

/// Rows that the driver reads ahead.
const ROW_BUFFER: usize = 4_096;

/// Pages of 4 KiB in the write-ahead log (WAL) at which it is checkpointed. A group of batches
/// changes thousands of pages, and the next group many of the same ones.
const CHECKPOINT_PAGES: u32 = 8_192;

/// Bytes to which the WAL is truncated after a checkpoint.
const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;

/// Maximum time to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct Database {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    path: PathBuf,
}

impl Database {
    /// Opens the file, creates it if missing, and applies migrations. The page cache of the writer
    /// holds at most `cache_kib`, that of each reader a quarter of it.
    pub(crate) async fn open(
        path: &Path,
        migrator: &Migrator,
        cache_kib: u32,
    ) -> Result<Self, StoreError> {
        files::check_files(path)?;
        let cannot_open = |error: sqlx::Error| open_error(path, error);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Each time the buffer is full, the driver's thread and the caller wait for each other.
            .row_buffer_size(ROW_BUFFER)
            .pragma("cache_size", format!("-{cache_kib}"))
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
            // A long read lets the WAL grow; the next checkpoint truncates it.
            .pragma("journal_size_limit", JOURNAL_BYTES.to_string())
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        // Migrations recreate tables, because SQLite's `ALTER TABLE` is limited. Foreign keys would
        // forbid that.
        let migrating = options.clone().create_if_missing(true).foreign_keys(false);
        let mut connection = migrating.connect().await.map_err(cannot_open)?;
        migrator.run(&mut connection).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) => {
                StoreError::NewerDatabase { database: path.display().to_string(), version }
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                cannot_open(error)
            }
            other => StoreError::CannotOpen {
                database: path.display().to_string(),
                reason: other.to_string(),
            },
        })?;
        connection.close().await.map_err(cannot_open)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            // Never recycled, because `PRAGMA data_version` is only comparable within one
            // connection.
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(cannot_open)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(
                options.read_only(true).pragma("cache_size", format!("-{}", cache_kib / 4)),
            )
            .await
            .map_err(cannot_open)?;
        Ok(Self { writer, reader, path: path.to_owned() })
    }

    /// Acquires the writing connection outside of a transaction.
    pub(crate) async fn acquire_writer(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.writer.acquire().await.map_err(database_error)
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        WriteTransaction::begin(self.acquire_writer().await?).await
    }

    /// Writes a mark into the file and notes it beside the file, so that a WAL left by a power cut
    /// is only used with this file. Other processes that have the file open are not affected.
    pub(crate) async fn write_mark(&self, mark: i32) -> Result<(), StoreError> {
        let mut writer = self.acquire_writer().await?;
        // Checks read the mark in the main file. While a long read keeps the previous mark in the
        // WAL, no new one is written.
        if !checkpoint_wal(&mut writer).await? {
            return Ok(());
        }
        let read = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *writer).await;
        let before: i32 = read.map_err(database_error)?;
        // Both are noted, because power may fail before the new one is in the main file.
        files::write_noted_marks(&self.path, &[before, mark])?;
        let set = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {mark}"));
        sqlx::query(set).execute(&mut *writer).await.map_err(database_error)?;
        match checkpoint_wal(&mut writer).await? {
            true => files::write_noted_marks(&self.path, &[mark]),
            false => Ok(()),
        }
    }

    /// Checks that a write transaction can begin.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        drop(transaction);
        Ok(())
    }

    /// Checkpoints the WAL, so that the main file is complete by itself, and closes all
    /// connections.
    pub(crate) async fn close_connections(&self) -> Result<(), StoreError> {
        self.reader.close().await;
        let checkpointed = match self.acquire_writer().await {
            Ok(mut writer) => sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *writer)
                .await
                .map(drop)
                .map_err(database_error),
            Err(error) => Err(error),
        };
        self.writer.close().await;
        checkpointed
    }
}

/// Checkpoints as much of the WAL as possible without waiting for readers, and returns whether that
/// was all. The file must not be opened by other means to find out: closing it would release the
/// locks that SQLite holds in this process.
async fn checkpoint_wal(writer: &mut sqlx::SqliteConnection) -> Result<bool, StoreError> {
    let checkpoint = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)");
    let (busy, frames, written): (i64, i64, i64) =
        checkpoint.fetch_one(writer).await.map_err(database_error)?;
    Ok(busy == 0 && frames == written)
}

/// Commits a transaction; its writes are durable afterwards.
pub(crate) async fn commit_transaction(transaction: WriteTransaction) -> Result<(), StoreError> {
    transaction.commit().await
}

/// Runs CPU-bound work, such as decoding rows, on a blocking thread: the queries of a panel run in
/// parallel, and other requests do not wait.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Database(Box::new(error)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// While a reader holds its snapshot, the WAL cannot be checkpointed and grows.
    #[tokio::test]
    async fn the_journal_shrinks_after_a_long_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let database =
            Database::open(&path, &crate::migrations::state_migrations(), 256).await.unwrap();
        let write = async |megabytes: u32| {
            for _ in 0..megabytes {
                let mut tx = database.begin_write().await.unwrap();
                for statement in [
                    "CREATE TABLE IF NOT EXISTS filler (bytes BLOB)",
                    "DELETE FROM filler",
                    "INSERT INTO filler VALUES (zeroblob(1000000))",
                ] {
                    sqlx::query(statement).execute(&mut *tx).await.unwrap();
                }
                commit_transaction(tx).await.unwrap();
            }
        };
        let journal = || std::fs::metadata(files::path_beside(&path, "-wal")).unwrap().len();
        let mut reading = database.reader.begin().await.unwrap();
        let tables = "SELECT count(*) FROM sqlite_master";
        sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut *reading).await.unwrap();
        write(120).await;
        assert!(journal() > JOURNAL_BYTES + (32 << 20), "{}", journal());
        reading.rollback().await.unwrap();
        // The first of these writes checkpoints the WAL, and a later one restarts it.
        write(3).await;
        assert!(journal() <= JOURNAL_BYTES, "{}", journal());
    }
}
