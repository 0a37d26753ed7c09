//! The age at which ingestion drops what it stores to recognise repeated batches, later events of a
//! session, and labels.

use super::labels::{LABEL_KEPT_MINUTES, LABEL_WAITING_MINUTES};
use crate::{
    Timestamp,
    privacy::{BATCH_ID_MINUTES, SESSION_DAYS},
    time::{day_of, minute_of},
};

/// The times before which batch ids, sessions and labels are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestExpiry {
    /// The first minute whose batch ids stay.
    pub batch_id_minute: i64,
    /// The first day whose sessions stay, by the day on which they last changed.
    pub session_day: i64,
    /// The first minute whose admitted labels stay, by the minute in which they were last sent.
    /// Reserved labels always stay.
    pub label_minute: i64,
    /// The first minute whose waiting labels stay, by the minute in which they were last sent.
    pub waiting_label_minute: i64,
}

impl IngestExpiry {
    /// Returns the times that apply when a batch is received.
    #[must_use]
    pub fn at(received_at: Timestamp) -> Self {
        let minute = minute_of(received_at);
        Self {
            batch_id_minute: minute - BATCH_ID_MINUTES,
            session_day: day_of(received_at) - SESSION_DAYS,
            label_minute: minute - LABEL_KEPT_MINUTES,
            waiting_label_minute: minute - LABEL_WAITING_MINUTES,
        }
    }
}
