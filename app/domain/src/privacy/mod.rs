//! What is stored about one user, for how long, and its erasure.

mod person;
mod retention;

pub use person::{ErasureReport, PersonBatch, PersonData, PersonDay, PersonReport, StorageUsage};
pub use retention::{RetentionKind, RetentionPolicy};
