//! The errors of the storage traits.

/// Why a store operation failed. Nothing was written, unless a variant says otherwise.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another change came first, so the version is outdated.
    #[error("it was changed by another client in the meantime")]
    Conflict,
    /// The database was written by a newer version of Phasegate.
    #[error(
        "{database} was written by a newer version of Phasegate (it has migration {version}, which \
         this version does not know); start the newer version, or restore a backup"
    )]
    NewerDatabase {
        /// The path of the file.
        database: String,
        /// The number of the unknown migration.
        version: i64,
    },
    /// A file cannot be written.
    #[error(
        "{file} cannot be written ({reason}; its owner has the number {owner}); give it to the user that runs Phasegate with chown, and start again"
    )]
    CannotWrite {
        file: String,
        /// The user id of its owner, or `unknown`.
        owner: String,
        /// The message of the operating system.
        reason: String,
    },
    /// The journal beside a database belongs to another file.
    #[error(
        "{database}-wal belongs to another file than {database}: a backup was put in its place, and the journal of the old one was left. If {database} is the backup that you want, move {database}-wal and {database}-shm away and start again"
    )]
    ForeignJournal { database: String },
    /// The database file was in use before and is missing or empty now.
    #[error(
        "{database} is gone or empty, but it was in use: {database}-mark is there. Put it back, or move {database}-mark away to begin with an empty one"
    )]
    Missing { database: String },
    /// The file is damaged, or no database.
    #[error(
        "{database} cannot be opened, because it is damaged ({reason}); restore a backup, or start with another data folder"
    )]
    DamagedFile {
        /// The path of the file.
        database: String,
        /// The message of the driver.
        reason: String,
    },
    /// The database cannot be opened for another reason.
    #[error("{database} cannot be opened ({reason})")]
    CannotOpen {
        /// The path of the file.
        database: String,
        /// The message of the driver.
        reason: String,
    },
    /// A stored row cannot be decoded.
    #[error("stored {what} cannot be read: {reason}")]
    Damaged {
        /// The kind of the row.
        what: &'static str,
        /// The problem with the row.
        reason: String,
    },
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    Full,
    /// Another program locks the database; nothing was written.
    #[error("the database is being used by another program, such as a backup")]
    Locked,
    #[error("{0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}
