//! Opening a file: one writer, a few readers, migrations.

use std::path::Path;

use phasegate_store::StoreError;
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::error::database;

/// How many queries may read at once; more wait.
const READERS: u32 = 4;

/// Rows that are read ahead of whoever takes them.
const ROW_BUFFER: usize = 4_096;

/// What the connection that writes keeps in memory of a file, at most; one that reads, a quarter.
const CACHE_KIB: u32 = 16_384;

/// After how many pages of 4 KiB the journal is written back. A group of batches changes thousands of
/// pages, and the next one many of the same.
const CHECKPOINT_PAGES: u32 = 8_192;

/// One SQLite file.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
}

impl Database {
    /// Opens the file, makes it if missing, and brings it up to date.
    pub(crate) async fn open(path: &Path, migrator: &Migrator) -> Result<Self, StoreError> {
        let name = || path.display().to_string();
        let cannot_open = |error: &dyn std::fmt::Display| StoreError::CannotOpen {
            database: name(),
            reason: error.to_string(),
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Each time the buffer is full, two threads wait for each other.
            .row_buffer_size(ROW_BUFFER)
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
            .foreign_keys(true);
        // SQLite cannot alter much of a table: migrations make it anew, which foreign keys forbid.
        let migrating = options.clone().create_if_missing(true).foreign_keys(false);
        let mut connection = migrating.connect().await.map_err(|error| cannot_open(&error))?;
        migrator.run(&mut connection).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) => {
                StoreError::NewerDatabase { database: name(), version }
            }
            other => cannot_open(&other),
        })?;
        connection.close().await.map_err(|error| cannot_open(&error))?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            // What is attached to it would have to be attached again.
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(|error| cannot_open(&error))?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(
                options.read_only(true).pragma("cache_size", format!("-{}", CACHE_KIB / 4)),
            )
            .await
            .map_err(|error| cannot_open(&error))?;
        Ok(Self { writer, reader })
    }

    /// The connection that writes, outside of a transaction.
    pub(crate) async fn writer(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.writer.acquire().await.map_err(database)
    }

    /// Begins a transaction that writes. `IMMEDIATE`, so that another process that writes
    /// makes us wait here and not fail later.
    pub(crate) async fn write(&self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(database)
    }
}

/// Ends a transaction; what it wrote is durable afterwards.
pub(crate) async fn commit(transaction: Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(database)
}

/// Makes something of what was read, on a thread of its own: a panel asks for several things at once,
/// and other people's requests are not to wait for it.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Database(Box::new(error)))?
}
