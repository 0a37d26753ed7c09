//! Retention of telemetry, and the data of one user with its erasure.

mod bounds;
mod retention;
mod user_data;

pub use bounds::{BATCH_ID_MINUTES, MAX_ERROR_REPORTS, MAX_FEEDBACK_REPORTS, SESSION_DAYS};
pub use retention::{RetentionCutoffs, RetentionKind, RetentionPolicy};
pub use user_data::{ErasureReport, StorageUsage, UserBatch, UserData, UserDay, UserReport};
