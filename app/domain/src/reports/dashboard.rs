//! What the dashboard shows: the last hour of an environment.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    errors::ErrorReport,
    events::TimingKind,
    feedback::Feedback,
    ids::{FlagKey, PhaseNumber, VariantName},
    vitals::Vital,
};

/// How far back the dashboard looks, in minutes.
pub const WINDOW_MINUTES: i64 = 60;

/// Everything on the dashboard, at one moment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// When it was computed.
    pub at: Timestamp,
    /// The phase that the rollout is in.
    pub phase: Option<CurrentPhase>,
    /// One for each vital, in the order of [`Vital::ALL`].
    pub vitals: Vec<VitalPanel>,
    pub errors: ErrorPanel,
    /// Flags with exposures or uses.
    pub features: Vec<FeatureRow>,
    /// Timed endpoints and components, slowest first.
    pub timings: Vec<TimingRow>,
    /// What users said last.
    pub feedback: Vec<Reported<Feedback>>,
    /// Events that pages had to drop, or that were refused because something was wrong with them.
    pub dropped: u64,
}

/// Where the rollout is, as apps and the dashboard's head show it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurrentPhase {
    pub number: PhaseNumber,
    pub name: String,
    /// Its planned ceiling, %.
    pub percentage: f64,
}

/// A value at a minute.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    pub minute: i64,
    /// The value, in the panel's unit.
    pub value: f64,
}

/// One vital over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VitalPanel {
    pub vital: Vital,
    /// 75th percentile, in millionths; `None` without samples.
    pub p75: Option<f64>,
    /// How many values it rests on.
    pub samples: u64,
    /// How many of them are good.
    pub good: u64,
    /// How many of them are poor.
    pub poor: u64,
    /// The p75 of each minute that has samples.
    pub points: Vec<Point>,
}

/// Errors over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorPanel {
    pub count: u64,
    /// Per minute, for minutes that have any.
    pub points: Vec<Point>,
    pub recent: Vec<Reported<ErrorReport>>,
}

/// What has come in from pages within the window, to check a new installation of the collector.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arrivals {
    /// In words for the reader, and how many; only what has come, the most first.
    pub kinds: Vec<(String, u64)>,
}

/// Something that a page reported, with its time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported<T> {
    pub at: Timestamp,
    pub what: T,
}

/// One flag's use over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureRow {
    pub flag: FlagKey,
    /// How often the app acted on each variant's answer.
    pub exposures: Vec<(VariantName, u64)>,
    /// How often the feature was used.
    pub uses: u64,
}

/// One endpoint or component over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimingRow {
    pub kind: TimingKind,
    pub name: String,
    /// How often it was timed.
    pub samples: u64,
    /// 75th percentile, in millionths of a second.
    pub p75: f64,
}
