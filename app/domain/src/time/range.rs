//! The time range that a panel shows.

use chrono::NaiveDate;

use super::{Resolution, TimeRangePreset, day_of};
use crate::{
    Timestamp,
    field_error::{FieldCode, FieldError},
};

/// The maximum length of a range, in days.
const MAX_DAYS: i64 = 366;

/// Ranges of up to this many days have hourly buckets.
const DAYS_BY_HOUR: i64 = 3;

/// The time range that a panel shows.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeRange {
    Last(TimeRangePreset),
    /// Days since 1970-01-01, UTC; both are included.
    Days {
        first: i64,
        last: i64,
    },
}

/// Formats a day, counted since 1970-01-01, as `2026-11-25`; empty if chrono cannot represent it.
#[must_use]
pub fn date_of(day: i64) -> String {
    let at = Timestamp::from_timestamp(day.saturating_mul(86_400), 0);
    at.map_or_else(String::new, |at| at.date_naive().to_string())
}

fn invalid(field: &str, message: impl Into<String>) -> FieldError {
    FieldError::new(field, FieldCode::Invalid, message)
}

/// Parses a date such as `2026-11-25` into days since 1970-01-01.
///
/// # Errors
/// Returns an error that names the field.
pub fn parse_day(field: &str, text: &str) -> Result<i64, FieldError> {
    let date: NaiveDate = text.parse().map_err(|_| {
        invalid(field, format!("a date such as 2026-11-25 is needed, not {text:?}"))
    })?;
    Ok(day_of(date.and_time(chrono::NaiveTime::MIN).and_utc()))
}

impl TimeRange {
    /// Parses a preset such as `30d`, or two dates, which take precedence; `None` if all are empty.
    ///
    /// # Errors
    /// Returns an error that names the field and its valid values.
    pub fn parse_fields(range: &str, from: &str, to: &str) -> Result<Option<Self>, FieldError> {
        if from.is_empty() && to.is_empty() {
            return match range {
                "" => Ok(None),
                name => {
                    TimeRangePreset::parse(name).map(|range| Some(Self::Last(range))).ok_or_else(
                        || invalid("range", format!("1h, 24h, 7d, 30d or 90d, not {name:?}")),
                    )
                }
            };
        }
        let (first, last) = (parse_day("from", from)?, parse_day("to", to)?);
        if last < first {
            return Err(invalid("to", "must not be before from"));
        }
        if last - first >= MAX_DAYS {
            return Err(invalid("to", format!("at most {MAX_DAYS} days can be shown at once")));
        }
        Ok(Some(Self::Days { first, last }))
    }

    /// The query string of URLs, such as `range=7d`.
    #[must_use]
    pub fn to_query_string(self) -> String {
        match self {
            Self::Last(range) => format!("range={}", range.as_str()),
            Self::Days { first, last } => format!("from={}&to={}", date_of(first), date_of(last)),
        }
    }

    /// The name that the admin shows.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Last(range) => range.title().to_owned(),
            Self::Days { first, last } => format!("{} to {}", date_of(first), date_of(last)),
        }
    }

    /// The resolution of its time buckets: hours in short ranges, if those are still stored.
    #[must_use]
    pub fn resolution(self, now: Timestamp) -> Resolution {
        match self {
            Self::Last(range) => range.resolution(),
            Self::Days { first, last } => {
                let hours_since = Resolution::Hour.kept_since(now).div_euclid(24) + 1;
                match last - first < DAYS_BY_HOUR && first > hours_since {
                    true => Resolution::Hour,
                    false => Resolution::Day,
                }
            }
        }
    }

    /// Its first bucket, and the one after its last.
    #[must_use]
    pub fn bucket_bounds(self, now: Timestamp) -> (i64, i64) {
        match self {
            Self::Last(range) => range.bucket_bounds(now),
            Self::Days { first, last } => {
                let each = Resolution::Day.seconds() / self.resolution(now).seconds();
                (first * each, (last + 1) * each)
            }
        }
    }

    /// Its first day, and the one after its last, in days since 1970-01-01, UTC. Today counts as a
    /// whole day.
    #[must_use]
    pub fn day_bounds(self, now: Timestamp) -> (i64, i64) {
        match self {
            Self::Last(range) => {
                let days = range.bucket_count() * range.resolution().seconds() / 86_400;
                (day_of(now) + 1 - days.max(1), day_of(now) + 1)
            }
            Self::Days { first, last } => (first, last + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(20_000 * 86_400 + 3_700, 0).unwrap()
    }

    #[test]
    fn a_time_range_is_parsed_and_formatted() {
        let read = |range, from, to| TimeRange::parse_fields(range, from, to).unwrap();
        assert_eq!(read("", "", ""), None);
        assert_eq!(read("7d", "", ""), Some(TimeRange::Last(TimeRangePreset::Week)));
        let days = read("7d", "2026-10-01", "2026-10-30").unwrap();
        assert_eq!(days.to_query_string(), "from=2026-10-01&to=2026-10-30");
        let (first, end) = days.day_bounds(now());
        assert_eq!(end - first, 30);
        for (range, from, to, field) in [
            ("5d", "", "", "range"),
            ("", "yesterday", "2026-10-30", "from"),
            ("", "2026-10-01", "", "to"),
            ("", "2026-10-02", "2026-10-01", "to"),
            ("", "2020-10-02", "2026-10-01", "to"),
        ] {
            assert_eq!(
                TimeRange::parse_fields(range, from, to).unwrap_err().field,
                field,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn short_recent_ranges_have_hourly_buckets() {
        let short = TimeRange::Days { first: 19_990, last: 19_991 };
        assert_eq!(short.resolution(now()), Resolution::Hour);
        assert_eq!(short.bucket_bounds(now()), (19_990 * 24, 19_992 * 24));
        let old = TimeRange::Days { first: 19_000, last: 19_000 };
        assert_eq!(old.bucket_bounds(now()), (19_000, 19_001), "hours are not kept for so long");
        let long = TimeRange::Days { first: 19_900, last: 19_999 };
        assert_eq!(long.resolution(now()), Resolution::Day);
        assert_eq!(TimeRange::Last(TimeRangePreset::Week).day_bounds(now()), (19_994, 20_001));
        assert_eq!(TimeRange::Last(TimeRangePreset::Hour).day_bounds(now()), (20_000, 20_001));
    }
}
