//! What is stored about one user, for how long, and its erasure.

mod retention;
mod user_data;

pub use retention::{RetentionKind, RetentionPolicy};
pub use user_data::{ErasureReport, StorageUsage, UserBatch, UserData, UserDay, UserReport};
