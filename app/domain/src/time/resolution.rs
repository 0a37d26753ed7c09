//! Spans of time that are counted together.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How long a bucket is.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// For the last days.
    Minute,
    /// For the last weeks.
    Hour,
    Day,
}

impl Resolution {
    /// All of them, the shortest first.
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

    /// The bucket that an instant lies in, counted from 1970, UTC.
    #[must_use]
    pub fn bucket_of(self, at: Timestamp) -> i64 {
        at.timestamp().div_euclid(self.seconds())
    }

    /// For how many days rows are kept; `None` for always.
    #[must_use]
    pub fn kept_days(self) -> Option<i64> {
        match self {
            Self::Minute => Some(3),
            Self::Hour => Some(92),
            Self::Day => None,
        }
    }

    /// The first bucket that is still kept at an instant.
    #[must_use]
    pub fn kept_since(self, now: Timestamp) -> i64 {
        let days = self.kept_days().map(|days| days * (Self::Day.seconds() / self.seconds()));
        days.map_or(i64::MIN, |buckets| self.bucket_of(now) - buckets)
    }

    /// The number under which rows are stored.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
            Self::Day => 2,
        }
    }
}

/// The minute that an instant lies in, counted from 1970.
#[must_use]
pub fn minute_of(at: Timestamp) -> i64 {
    Resolution::Minute.bucket_of(at)
}

/// The day that an instant lies in, counted from 1970, UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> i64 {
    Resolution::Day.bucket_of(at)
}
