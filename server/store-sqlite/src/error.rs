//! Conversion of driver errors to [`StoreError`].

use phasegate_store::StoreError;

/// SQLite's codes for a full disk: for the file itself, and for the memory that its WAL shares
/// (`SQLITE_FULL`, `SQLITE_IOERR_SHMSIZE`, `SQLITE_IOERR_SHMMAP`).
const NO_ROOM: [&str; 3] = ["13", "4874", "5386"];

/// SQLite's codes when another connection holds a lock for too long (`SQLITE_BUSY`,
/// `SQLITE_LOCKED`, and their extended codes for recovery, shared caches, snapshots and time-outs).
const LOCKED: [&str; 6] = ["5", "6", "261", "262", "517", "773"];

/// Converts an error of the driver.
pub(crate) fn database_error(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code().map(|c| c.into_owned()));
    match code {
        Some(code) if NO_ROOM.contains(&code.as_str()) => StoreError::Full,
        Some(code) if LOCKED.contains(&code.as_str()) => StoreError::Locked,
        _ => StoreError::Database(Box::new(error)),
    }
}

/// SQLite's codes for a damaged file, and for a file that is not a database (`SQLITE_CORRUPT`,
/// `SQLITE_NOTADB`).
const DAMAGED: [&str; 2] = ["11", "26"];

/// Converts an error that occurred when a file was opened.
pub(crate) fn open_error(path: &std::path::Path, error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code().map(|c| c.into_owned()));
    let (file, reason) = (path.display().to_string(), error.to_string());
    match (code, database_error(error)) {
        (Some(code), _) if DAMAGED.contains(&code.as_str()) => {
            StoreError::DamagedFile { database: file, reason }
        }
        (_, known @ (StoreError::Full | StoreError::Locked)) => known,
        _ => StoreError::CannotOpen { database: file, reason },
    }
}

/// Returns a function that makes the error for stored content that cannot be decoded.
pub(crate) fn damaged_error(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StoreError {
    move |reason| StoreError::Damaged { what, reason: reason.to_string() }
}
