//! A write transaction that never leaves its connection in a state that blocks the next one.
//!
//! The driver counts the depth of nested transactions. When a commit fails, as on a full disk,
//! SQLite may have rolled back by itself, and the driver's count stays wrong. So transactions begin
//! and end with explicit statements, and a connection that may still be in a transaction is
//! replaced.

use std::ops::{Deref, DerefMut};

use phasegate_store::StoreError;
use sqlx::{Executor, Sqlite, SqliteConnection, pool::PoolConnection};

use crate::error::database_error;

/// A write transaction that is rolled back on drop.
#[derive(Debug)]
pub(crate) struct WriteTransaction {
    /// `None` once the transaction has ended.
    connection: Option<PoolConnection<Sqlite>>,
}

impl WriteTransaction {
    /// Begins a transaction with `IMMEDIATE`, so that it waits here for other processes that write,
    /// instead of failing later.
    pub(crate) async fn begin(connection: PoolConnection<Sqlite>) -> Result<Self, StoreError> {
        // Created before `BEGIN`, so that the transaction is rolled back if the caller is cancelled
        // in between.
        let mut transaction = Self { connection: Some(connection) };
        let begun = transaction.execute("BEGIN IMMEDIATE").await;
        if let Err(error) = begun {
            // The connection may be in a transaction; a new one is not.
            if let Some(mut connection) = transaction.connection.take() {
                connection.close_on_drop();
            }
            return Err(database_error(error));
        }
        Ok(transaction)
    }

    /// Commits the transaction; its writes are durable afterwards. If that fails, nothing is
    /// written.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let committed = (*connection).execute("COMMIT").await;
        if let Err(error) = committed {
            // SQLite may or may not have rolled back; closing the connection makes sure.
            connection.close_on_drop();
            return Err(database_error(error));
        }
        Ok(())
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        // The next transaction waits in the pool until the connection is back.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if (*connection).execute("ROLLBACK").await.is_err() {
                    connection.close_on_drop();
                }
            })),
            Err(_) => connection.close_on_drop(),
        }
    }
}

impl Deref for WriteTransaction {
    type Target = SqliteConnection;

    #[allow(clippy::expect_used, reason = "taken only by `commit` and `drop`, which consume it")]
    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("a transaction has its connection until it ends")
    }
}

impl DerefMut for WriteTransaction {
    #[allow(clippy::expect_used, reason = "taken only by `commit` and `drop`, which consume it")]
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("a transaction has its connection until it ends")
    }
}
