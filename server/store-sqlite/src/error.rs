//! From the driver's errors to ours.

use phasegate_store::StoreError;

/// What SQLite says when there is no room: for the file itself, and for the memory that its journal
/// shares (`SQLITE_FULL`, `SQLITE_IOERR_SHMSIZE`, `SQLITE_IOERR_SHMMAP`).
const NO_ROOM: [&str; 3] = ["13", "4874", "5386"];

/// What SQLite says when another connection holds the file for too long (`SQLITE_BUSY`,
/// `SQLITE_LOCKED`, and their extended codes for recovery, snapshots and time-outs).
const LOCKED: [&str; 6] = ["5", "6", "261", "262", "517", "773"];

/// Wraps what the driver says.
pub(crate) fn database(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code().map(|c| c.into_owned()));
    match code {
        Some(code) if NO_ROOM.contains(&code.as_str()) => StoreError::Full,
        Some(code) if LOCKED.contains(&code.as_str()) => StoreError::Locked,
        _ => StoreError::Database(Box::new(error)),
    }
}

/// What SQLite says of a file that is damaged, or no database (`SQLITE_CORRUPT`, `SQLITE_NOTADB`).
const DAMAGED: [&str; 2] = ["11", "26"];

/// Why a file could not be opened.
pub(crate) fn opening(path: &std::path::Path, error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code().map(|c| c.into_owned()));
    let (file, reason) = (path.display().to_string(), error.to_string());
    match (code, database(error)) {
        (Some(code), _) if DAMAGED.contains(&code.as_str()) => {
            StoreError::DamagedFile { database: file, reason }
        }
        (_, known @ (StoreError::Full | StoreError::Locked)) => known,
        _ => StoreError::CannotOpen { database: file, reason },
    }
}

/// A row whose content cannot be read back.
pub(crate) fn damaged(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StoreError {
    move |reason| StoreError::Damaged { what, reason: reason.to_string() }
}
