//! What a chart shows, and how its times and values are written.

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    reports::{Point, WINDOW_MINUTES},
    time::Resolution,
    vitals::Vital,
};
use serde::{Deserialize, Serialize};

use crate::format::{format_count, format_day};

/// How a chart draws its values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Points joined by a line.
    Line,
    /// A bar for each time bucket.
    Bars,
}

/// The upper bound of good and the lower bound of poor, in the unit of the values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    pub good: f64,
    pub poor: f64,
}

/// The unit of the values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    Vital(Vital),
    Count,
}

impl Unit {
    /// Writes a value with its unit.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            Self::Vital(vital) => vital.format_value(value),
            Self::Count => format_count(value.max(0.0).round() as u64),
        }
    }
}

/// An annotation of a chart: a vertical line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Its time, in buckets since 1970.
    pub at: f64,
    /// The number of the annotation in the list beside the charts.
    pub number: usize,
    /// What has changed, in words.
    pub text: String,
}

/// What a chart shows.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChartSpec {
    /// What the values are.
    pub label: String,
    pub unit: Unit,
    pub shape: Shape,
    pub limits: Option<Limits>,
    pub resolution: Resolution,
    /// The first time bucket, and the one after the last.
    pub range: (i64, i64),
    /// Values by time bucket; buckets without a value are left out.
    pub points: Vec<Point>,
    pub marks: Vec<Mark>,
    /// Width and height in pixels until the browser has measured the place.
    pub size: (u32, u32),
}

impl ChartSpec {
    /// The range of the last [`WINDOW_MINUTES`] minutes up to `at`.
    pub(crate) fn last_hour(at: Timestamp) -> (i64, i64) {
        let end = Resolution::Minute.bucket_of(at) + 1;
        (end - WINDOW_MINUTES, end)
    }

    /// Describes the chart in a sentence, for those who do not see it.
    pub(crate) fn summarise(
        &self,
        (from, end): (i64, i64),
        offset: &dyn Fn(Timestamp) -> i32,
    ) -> String {
        let seen = self.points.iter().filter(|point| (from..end).contains(&point.minute));
        let (mut low, mut high) = (None::<&Point>, None::<&Point>);
        for point in seen.clone() {
            low = Some(low.filter(|low| low.value <= point.value).unwrap_or(point));
            high = Some(high.filter(|high| high.value >= point.value).unwrap_or(point));
        }
        let last = seen.clone().next_back();
        let time = |bucket| self.write_time(bucket, offset);
        let range = format!("{}, {} to {}", self.label, time(from), time(end - 1));
        match (low, high, last) {
            (Some(low), Some(high), Some(last)) => format!(
                "{range}: lowest {} ({}), highest {} ({}), last {}",
                self.unit.write(low.value),
                time(low.minute),
                self.unit.write(high.value),
                time(high.minute),
                self.unit.write(last.value)
            ),
            _ => format!("{range}: no values"),
        }
    }

    /// The start of a time bucket.
    pub(crate) fn time_of(&self, bucket: i64) -> Option<Timestamp> {
        Timestamp::from_timestamp(bucket.saturating_mul(self.resolution.seconds()), 0)
    }

    /// Writes the start of a time bucket as precisely as its length needs.
    pub(crate) fn write_time(&self, bucket: i64, offset: &dyn Fn(Timestamp) -> i32) -> String {
        let Some(at) = self.time_of(bucket) else { return String::new() };
        // Days are those of UTC, whatever the clock of the reader.
        if self.resolution == Resolution::Day {
            return format_day(at);
        }
        let local = at + TimeDelta::minutes(i64::from(offset(at)));
        format!("{}, {}", format_day(local), local.format("%H:%M"))
    }

    /// Writes a label of the time axis.
    pub(super) fn write_label(&self, bucket: i64, offset: &dyn Fn(Timestamp) -> i32) -> String {
        let full = self.write_time(bucket, offset);
        match self.resolution {
            Resolution::Minute => full.rsplit(", ").next().unwrap_or_default().to_owned(),
            _ => full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ChartSpec {
        ChartSpec {
            label: "LCP".to_owned(),
            unit: Unit::Vital(Vital::Lcp),
            shape: Shape::Line,
            limits: None,
            resolution: Resolution::Hour,
            range: (24, 48),
            points: vec![Point { minute: 30, value: 2e6 }, Point { minute: 31, value: 1e6 }],
            marks: Vec::new(),
            size: (280, 112),
        }
    }

    #[test]
    fn a_summary_has_the_extremes_and_the_last_value() {
        let text = sample().summarise((24, 48), &|_| 0);
        assert_eq!(
            text,
            "LCP, 2 Jan, 00:00 to 2 Jan, 23:00: lowest 1.00 s (2 Jan, 07:00), highest 2.00 s (2 Jan, 06:00), last 1.00 s"
        );
        assert!(sample().summarise((24, 26), &|_| 0).ends_with("no values"));
    }

    #[test]
    fn local_time_moves_hours_but_not_days() {
        assert_eq!(sample().write_time(24, &|_| -60), "1 Jan, 23:00");
        let days = ChartSpec { resolution: Resolution::Day, ..sample() };
        assert_eq!(days.write_time(1, &|_| -60), "2 Jan");
    }
}
