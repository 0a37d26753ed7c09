//! Maintenance of a database file.

use async_trait::async_trait;

use crate::StoreError;

/// Maintenance of a database file.
#[async_trait]
pub trait Database: Send + Sync {
    /// Marks the database with a number that is unique to this start of the server, so that a
    /// journal left by a power cut is never used with a restored backup.
    async fn mark_database(&self, mark: i32) -> Result<(), StoreError>;

    /// Checks that something can be written now.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// Closes the database with everything in the main file, which can then be copied by itself.
    async fn close_database(&self) -> Result<(), StoreError>;
}
