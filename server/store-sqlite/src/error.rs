//! From the driver's errors to ours.

use phasegate_store::StoreError;

/// Wraps what the driver says.
pub(crate) fn database(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(Box::new(error))
}

/// A row whose content cannot be read back.
pub(crate) fn damaged(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StoreError {
    move |reason| StoreError::Damaged { what, reason: reason.to_string() }
}
