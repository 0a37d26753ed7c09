//! The dashboard: the last hour of an environment.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    errors::ErrorReport,
    events::{StoredReport, TimingKind},
    feedback::Feedback,
    ids::{FlagKey, PhaseNumber, VariantName},
    vitals::Vital,
};

/// The time range of the dashboard, in minutes.
pub const WINDOW_MINUTES: i64 = 60;

/// The data of the dashboard at one moment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// The time of the computation.
    pub at: Timestamp,
    /// The current phase of the rollout.
    pub phase: Option<CurrentPhase>,
    /// One for each vital, in the order of [`Vital::ALL`].
    pub vitals: Vec<VitalPanel>,
    pub errors: ErrorPanel,
    /// Flags with exposures or uses.
    pub features: Vec<FeatureRow>,
    /// Timed endpoints and components, slowest first.
    pub timings: Vec<TimingRow>,
    /// The most recent feedback items.
    pub feedback: Vec<StoredReport<Feedback>>,
    /// Events that pages dropped or that the server rejected.
    pub dropped: u64,
}

/// The current phase of a rollout, as apps and the dashboard show it.
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
    /// The number of measured values.
    pub samples: u64,
    /// The number of good values.
    pub good: u64,
    /// The number of poor values.
    pub poor: u64,
    /// The p75 of each minute that has samples.
    pub points: Vec<Point>,
}

/// Errors over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorPanel {
    pub count: u64,
    /// Errors per minute, for minutes with errors.
    pub points: Vec<Point>,
    pub recent: Vec<StoredReport<ErrorReport>>,
}

/// Events received within the window, to check a new installation of the collector.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arrivals {
    /// Display names of the received kinds with their counts, most frequent first.
    pub kinds: Vec<(String, u64)>,
}

/// One flag's use over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureRow {
    pub flag: FlagKey,
    /// Exposures to each variant, by name.
    pub exposures: Vec<(VariantName, u64)>,
    /// The number of uses of the feature.
    pub uses: u64,
}

/// One endpoint or component over the window.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimingRow {
    pub kind: TimingKind,
    pub name: String,
    /// The number of measured durations.
    pub samples: u64,
    /// 75th percentile, in millionths of a second.
    pub p75: f64,
}
