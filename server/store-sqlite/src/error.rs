//! From the driver's errors to ours.

use phasegate_store::StoreError;

/// What SQLite says when there is no room: for the file itself, and for the memory that its journal
/// shares (`SQLITE_FULL`, `SQLITE_IOERR_SHMSIZE`, `SQLITE_IOERR_SHMMAP`).
const NO_ROOM: [&str; 3] = ["13", "4874", "5386"];

/// Wraps what the driver says.
pub(crate) fn database(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code().map(|c| c.into_owned()));
    match code {
        Some(code) if NO_ROOM.contains(&code.as_str()) => StoreError::Full,
        _ => StoreError::Database(Box::new(error)),
    }
}

/// A row whose content cannot be read back.
pub(crate) fn damaged(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StoreError {
    move |reason| StoreError::Damaged { what, reason: reason.to_string() }
}
