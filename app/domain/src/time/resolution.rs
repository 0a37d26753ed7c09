//! Resolutions of rollups: minute, hour and day.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The length of a time bucket.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    Minute,
    Hour,
    Day,
}

impl Resolution {
    /// All resolutions, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The bucket of an instant, counted since 1970-01-01, UTC.
    #[must_use]
    pub fn bucket_of(self, at: Timestamp) -> i64 {
        at.timestamp().div_euclid(self.seconds())
    }

    /// The number of days after which rollups expire; `None` if never.
    #[must_use]
    pub fn kept_days(self) -> Option<i64> {
        match self {
            Self::Minute => Some(3),
            Self::Hour => Some(92),
            Self::Day => None,
        }
    }

    /// The oldest bucket whose rollups are still stored at `now`.
    #[must_use]
    pub fn kept_since(self, now: Timestamp) -> i64 {
        let days = self.kept_days().map(|days| days * (Self::Day.seconds() / self.seconds()));
        days.map_or(i64::MIN, |buckets| self.bucket_of(now) - buckets)
    }

    /// Returns each resolution with the oldest bucket whose rollups are still stored at `now`.
    #[must_use]
    pub fn retained_at(now: Timestamp) -> [(Self, i64); 3] {
        Self::ALL.map(|resolution| (resolution, resolution.kept_since(now)))
    }

    /// The number that represents it in the database.
    #[must_use]
    pub fn stored_number(self) -> i64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
            Self::Day => 2,
        }
    }
}

/// The minute of an instant, in minutes since 1970-01-01, UTC.
#[must_use]
pub fn minute_of(at: Timestamp) -> i64 {
    Resolution::Minute.bucket_of(at)
}

/// The day of an instant, in days since 1970-01-01, UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> i64 {
    Resolution::Day.bucket_of(at)
}
