//! The stored data of one user, the report of its erasure, and storage usage.

use serde::Serialize;

use crate::Timestamp;

/// Everything that is stored about a user.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserData {
    /// The first day of activity, in days since 1970-01-01, UTC.
    pub first_day: Option<i64>,
    /// The activities of the user by day.
    pub days: Vec<UserDay>,
    /// Errors and feedback of the user, in full.
    pub reports: Vec<UserReport>,
    /// Raw events of the user, as long as they are retained.
    pub batches: Vec<UserBatch>,
}

/// One activity of a user on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserDay {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// The activity, such as `active`, `used:FLAG` or `exposed:FLAG:VARIANT:PHASE`.
    pub activity: String,
}

/// An error event or a feedback item.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserReport {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub kind: String,
    /// The document as it is stored.
    pub report: serde_json::Value,
}

/// One batch of raw events.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserBatch {
    /// The time at which the server received it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub received_at: Timestamp,
    /// The visit and its events, as stored.
    pub content: serde_json::Value,
}

/// The number of records that an erasure has deleted.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasureReport {
    /// Whether the user was known at all.
    pub was_known: bool,
    /// Activities that listed the user, one per day and activity.
    pub activities: u64,
    pub reports: u64,
    /// Batches of raw events.
    pub batches: u64,
}

/// The storage that telemetry uses, in bytes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StorageUsage {
    /// The telemetry database with its journal.
    pub database: u64,
    pub screenshots: u64,
    /// Raw events in day files.
    pub raw: u64,
    /// Days that have raw events.
    pub raw_days: u64,
}
