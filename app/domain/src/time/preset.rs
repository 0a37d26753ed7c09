//! The preset time ranges of panels.

use super::Resolution;
use crate::Timestamp;

/// A time range of a panel that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeRangePreset {
    /// 60 minutes, by minute.
    Hour,
    /// 24 hours, by hour.
    #[default]
    Day,
    /// 7 days, by hour.
    Week,
    /// 30 days, by day.
    Month,
    /// 90 days, by day.
    Quarter,
}

impl TimeRangePreset {
    /// All presets, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// The notation in URLs, such as `24h`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// The name that the admin shows.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
            Self::Quarter => "Last 90 days",
        }
    }

    /// Parses the notation of [`TimeRangePreset::as_str`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == name)
    }

    /// The resolution of its time buckets.
    #[must_use]
    pub fn resolution(self) -> Resolution {
        match self {
            Self::Hour => Resolution::Minute,
            Self::Day | Self::Week => Resolution::Hour,
            Self::Month | Self::Quarter => Resolution::Day,
        }
    }

    /// The number of its time buckets.
    #[must_use]
    pub fn bucket_count(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }

    /// Its first bucket, and the one after the current bucket, which is its last.
    #[must_use]
    pub fn bucket_bounds(self, now: Timestamp) -> (i64, i64) {
        let end = self.resolution().bucket_of(now) + 1;
        (end - self.bucket_count(), end)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_preset_ends_with_the_current_bucket() {
        let now = DateTime::from_timestamp(10 * 86_400 + 3_700, 0).unwrap();
        assert_eq!(TimeRangePreset::Month.bucket_bounds(now), (-19, 11));
        assert_eq!(TimeRangePreset::Day.bucket_bounds(now), (10 * 24 + 2 - 24, 10 * 24 + 2));
        for range in TimeRangePreset::ALL {
            assert_eq!(TimeRangePreset::parse(range.as_str()), Some(range));
        }
    }
}
