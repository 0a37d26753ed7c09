//! What can go wrong in a store.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed it first; nothing was written.
    #[error("it was changed by somebody else in the meantime")]
    Conflict,
    /// The database was written by a newer version of Phasegate.
    #[error(
        "{database} was written by a newer version of Phasegate (it has migration {version}, which \
         this version does not know); start the newer version, or restore a backup"
    )]
    NewerDatabase {
        /// Which one, as a person would find it.
        database: String,
        /// The migration that we do not know.
        version: i64,
    },
    /// The database cannot be opened at all.
    #[error(
        "{database} cannot be opened ({reason}); restore a backup, or start with another data folder"
    )]
    CannotOpen {
        /// Which one, as a person would find it.
        database: String,
        /// What the driver says.
        reason: String,
    },
    /// What is stored cannot be read back.
    #[error("stored {what} cannot be read: {reason}")]
    Damaged {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no room left; nothing was written.
    #[error("the disk is full")]
    Full,
    /// The database failed.
    #[error("{0}")]
    Database(Box<dyn std::error::Error + Send + Sync>),
}
