//! A transaction that writes, and that never leaves its connection in a state that stops the next one.
//!
//! The driver counts how deep transactions are nested. When a commit fails, as on a full disk, SQLite may
//! have rolled back by itself, and the driver's count stays wrong for ever. So transactions begin and end
//! with statements of our own, and a connection of which it is not known that it is idle is replaced.

use std::ops::{Deref, DerefMut};

use phasegate_store::StoreError;
use sqlx::{Executor, Sqlite, SqliteConnection, pool::PoolConnection};

use crate::error::database;

/// A transaction that writes; rolled back when it is dropped.
#[derive(Debug)]
pub(crate) struct WriteTransaction {
    /// Taken when the transaction has ended.
    connection: Option<PoolConnection<Sqlite>>,
}

impl WriteTransaction {
    /// Begins a transaction. `IMMEDIATE`, so that another process that writes makes us wait here and
    /// not fail later.
    pub(crate) async fn begin(connection: PoolConnection<Sqlite>) -> Result<Self, StoreError> {
        // Made before it begins: the caller may give up in the middle, and then it is rolled back.
        let mut transaction = Self { connection: Some(connection) };
        let begun = transaction.execute("BEGIN IMMEDIATE").await;
        if let Err(error) = begun {
            // Perhaps it stands in a transaction; a fresh one does not.
            if let Some(mut connection) = transaction.connection.take() {
                connection.close_on_drop();
            }
            return Err(database(error));
        }
        Ok(transaction)
    }

    /// Ends the transaction; what it wrote is durable afterwards. If that fails, nothing is written.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let committed = (*connection).execute("COMMIT").await;
        if let Err(error) = committed {
            // SQLite may have rolled back, or not.
            connection.close_on_drop();
            return Err(database(error));
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
