//! Helpers for statements that must change a row, and for keys that are stored as text.

use phasegate_store::StoreError;
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use crate::error::{damaged_error, database_error};

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Runs a statement that must change a row. Returns [`StoreError::Conflict`] if it changes none or
/// violates a unique constraint, because another change came first.
pub(super) async fn execute_or_conflict(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
) -> Result<(), StoreError> {
    let done = statement.execute(connection).await.map_err(|error| match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => StoreError::Conflict,
        _ => database_error(error),
    })?;
    if done.rows_affected() == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Parses a key that is stored as text.
pub(super) fn parse_key<T>(what: &'static str, text: String) -> Result<T, StoreError>
where
    T: TryFrom<String>,
    T::Error: std::fmt::Display,
{
    T::try_from(text).map_err(|error| damaged_error(what)(&error))
}
