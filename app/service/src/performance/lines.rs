//! The lines of the performance panels.

use phasegate_domain::{
    metrics::Dimension,
    reports::{Point, TimingRow},
    vitals::Vital,
};
use serde::{Serialize, Serializer};

/// The maximum number of rows of a table.
pub(super) const MAX_LINES: usize = 50;

/// One vital over the time range.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VitalTrend {
    pub vital: Vital,
    /// 75th percentile, in millionths; `None` without samples.
    pub p75: Option<f64>,
    /// The 75th percentile of the previous time range.
    pub p75_before: Option<f64>,
    /// The number of samples.
    pub samples: u64,
    /// The number of good samples.
    pub good: u64,
    /// The number of poor samples.
    pub poor: u64,
    /// The p75 of each bucket that has samples; a bucket is a minute, hour or day since 1970.
    pub points: Vec<Point>,
}

/// One value of the dimension by which pages are compared.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakdownLine {
    /// Serialised as in URLs, such as `device:phone`.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub dimension: Dimension,
    /// The number of LCP samples.
    pub samples: u64,
    /// 75th percentiles of LCP, INP and CLS, in millionths.
    pub p75: [Option<f64>; 3],
    pub score: Option<f64>,
}

fn as_text<S: Serializer>(dimension: &Dimension, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dimension.to_text())
}

/// A timed endpoint or component.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimingLine {
    /// Its kind, name, sample count and 75th percentile.
    pub timing: TimingRow,
    /// Median and 95th percentile, in millionths of a second.
    pub p50: f64,
    pub p95: f64,
    /// The number of failed calls; 0 for components.
    pub failures: u64,
}
