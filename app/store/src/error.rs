//! What can go wrong in a store.

/// Why a store did not do what it was asked.
#[allow(missing_docs, reason = "the names say it all")]
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
    /// A file cannot be written.
    #[error(
        "{file} cannot be written ({reason}; its owner has the number {owner}); give it to the user that runs Phasegate with chown, and start again"
    )]
    CannotWrite {
        file: String,
        /// The number of its owner.
        owner: String,
        /// What the system says.
        reason: String,
    },
    /// The journal beside a database is of another one.
    #[error(
        "{database}-wal belongs to another file than {database}: a backup was put in its place, and the journal of the old one was left. If {database} is the backup that you want, move {database}-wal and {database}-shm away and start again"
    )]
    ForeignJournal { database: String },
    /// The database was in use and is gone, or empty.
    #[error(
        "{database} is gone or empty, but it was in use: {database}-mark is there. Put it back, or move {database}-mark away to begin with an empty one"
    )]
    Missing { database: String },
    /// The file is no database, or a damaged one.
    #[error(
        "{database} cannot be opened, because it is damaged ({reason}); restore a backup, or start with another data folder"
    )]
    DamagedFile {
        /// Which one, as a person would find it.
        database: String,
        /// What the driver says.
        reason: String,
    },
    /// The database cannot be opened at all.
    #[error("{database} cannot be opened ({reason})")]
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
    /// Another program holds the database; nothing was written.
    #[error("the database is being used by another program, such as a backup")]
    Locked,
    #[error("{0}")]
    Database(Box<dyn std::error::Error + Send + Sync>),
}
