//! What is kept about one person, and what is forgotten with them.

use serde::Serialize;

use crate::Timestamp;

/// All that is kept about a person.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonData {
    /// The first day they were seen (days since 1970, UTC).
    pub first_day: Option<i64>,
    /// What they did on which day; a day is counted from 1970, UTC.
    pub days: Vec<PersonDay>,
    /// Errors and feedback of theirs, in full.
    pub reports: Vec<PersonReport>,
    /// Events as their pages sent them, as far as they are kept.
    pub batches: Vec<PersonBatch>,
}

/// What a user did on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonDay {
    /// Days since 1970, UTC.
    pub day: i64,
    /// Such as `active`, `used:FLAG`, `exposed:FLAG:VARIANT:PHASE`.
    #[serde(rename = "deed")]
    pub activity: String,
}

/// An error or a piece of feedback.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonReport {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub kind: String,
    /// As it is kept.
    pub report: serde_json::Value,
}

/// Events that came together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonBatch {
    /// When the server took them.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub received_at: Timestamp,
    /// Circumstances and events, as they are kept.
    pub content: serde_json::Value,
}

/// Counts of what an erasure has deleted.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasureReport {
    /// Whether the person was known at all.
    pub was_known: bool,
    /// In how many sets of people they were.
    pub sets: u64,
    pub reports: u64,
    /// Batches of raw events.
    pub batches: u64,
}

/// What takes how much room, in bytes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StorageUsage {
    /// Numbers, sets of people, reports and screenshots: one file with its journal.
    pub numbers: u64,
    pub pictures: u64,
    /// Events as pages sent them.
    pub raw: u64,
    /// For how many days there are raw events.
    pub raw_days: u64,
}
