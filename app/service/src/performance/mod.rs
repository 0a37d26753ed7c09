//! Performance of pages over time and by dimension, read from rollups only.

mod lines;
mod parts;

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    events::TimingKind,
    field_error::FieldCode,
    ids::EnvironmentId,
    metrics::{Dimension, DimensionKind, Metric},
    reports::Annotation,
    time::{TimeRange, TimeRangePreset},
    vitals::Vital,
};
use phasegate_store::models::{Rollup, RollupQuery};
use serde::Serialize;

use self::lines::MAX_LINES;
pub use self::lines::{BreakdownLine, TimingLine, VitalTrend};
use self::parts::{Sketches, build_breakdown, compute_vital_trend, score_device, timing_lines};
use crate::{
    Service, ServiceError, access::Actor, analytics::parse_dimension,
    annotations::read_annotations, ingest::last_event_at,
};

/// The vitals of a breakdown: those shown, and those of the score.
const SHOWN: [Metric; 5] = [
    Metric::Vital(Vital::Lcp),
    Metric::Vital(Vital::Inp),
    Metric::Vital(Vital::Cls),
    Metric::Vital(Vital::Fcp),
    Metric::Vital(Vital::Ttfb),
];

/// The dimensions by which pages can be compared, with their titles.
pub const BREAKDOWNS: [(DimensionKind, &str); 6] = [
    (DimensionKind::Page, "Page"),
    (DimensionKind::Device, "Device"),
    (DimensionKind::Release, "Release"),
    (DimensionKind::Flag, "Flag, variant and phase"),
    (DimensionKind::Phase, "Phase"),
    (DimensionKind::Segment, "Segment"),
];

/// The parameters of the performance panels.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerformanceQuery {
    pub period: TimeRange,
    pub dimension: Dimension,
    pub by: DimensionKind,
}

impl PerformanceQuery {
    /// Reads the query from the fields of a URL; empty fields have their defaults.
    ///
    /// # Errors
    /// Returns an error that names the invalid field and its allowed values.
    pub fn from_url_fields<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, ServiceError> {
        let period = TimeRange::parse_fields(field("range"), field("from"), field("to"))?;
        let by = match field("by") {
            "" => DimensionKind::Page,
            wanted => match BREAKDOWNS.iter().find(|(kind, _)| kind.as_str() == wanted) {
                Some((kind, _)) => *kind,
                None => {
                    let kinds = BREAKDOWNS.map(|(kind, _)| kind.as_str()).join(", ");
                    let text = format!("one of {kinds}, not {wanted:?}");
                    return Err(ServiceError::invalid("by", FieldCode::Invalid, text));
                }
            },
        };
        let dimension = parse_dimension(field("dimension"))?;
        Ok(Self { period: period.unwrap_or(TimeRange::Last(TimeRangePreset::Day)), dimension, by })
    }
}

/// The performance of an environment's pages.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Performance {
    /// When it was computed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// The time of the last stored batch.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_event_at: Option<Timestamp>,
    /// The beginning of the time range, UTC.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// The length of the time buckets of `points`, in seconds.
    pub bucket_seconds: i64,
    /// Whether the telemetry is simulated.
    pub is_simulated: bool,
    /// Changes within the time range, oldest first.
    pub annotations: Vec<Annotation>,
    /// 0 to 100; `None` without samples.
    pub score: Option<f64>,
    /// The score of the previous time range.
    pub score_before: Option<f64>,
    /// One for each vital, in the order of [`Vital::ALL`].
    pub vitals: Vec<VitalTrend>,
    /// The compared values of the dimension, those with the most samples first.
    pub breakdown: Vec<BreakdownLine>,
    /// Timed endpoints and components, slowest first.
    pub timings: Vec<TimingLine>,
}

/// Computes the performance panels of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_performance(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &PerformanceQuery,
) -> Result<Performance, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let at = service.now();
    let (from, to) = query.period.bucket_bounds(at);
    let resolution = query.period.resolution(at);
    let vitals = Vital::ALL.map(Metric::Vital);
    let timings = [Metric::Timing(TimingKind::Api), Metric::Timing(TimingKind::Render)];
    let ask = |metrics: &[Metric], dimensions: Vec<Dimension>, from, to| RollupQuery {
        environment,
        resolution,
        metrics: metrics.to_vec(),
        dimensions,
        from,
        to,
    };
    let telemetry = &service.stores.telemetry;
    let mine = || vec![query.dimension.clone()];
    let days = query.period.day_bounds(at);
    let days = (days.0 - 1, days.1);
    let lcp = Metric::Vital(Vital::Lcp);
    let mut timed = timings.to_vec();
    timed.push(Metric::Failures);
    let seconds = resolution.seconds();
    let asked = [
        ask(&vitals, mine(), from, to),
        ask(&vitals, mine(), from - (to - from), from),
        ask(&timed, mine(), from, to),
    ];
    let [now, before, timed] = &asked;
    let read_parts = async {
        let dimensions =
            telemetry.read_dimensions(environment, lcp, query.by, days, MAX_LINES).await?;
        read_sums(service, &ask(&SHOWN, dimensions, from, to)).await
    };
    // Concurrent, because the store has several reading connections.
    let (now, before, parts, timed, last_event_at, annotations) = tokio::try_join!(
        read_rollups(service, now),
        read_sums(service, before),
        read_parts,
        read_sums(service, timed),
        last_event_at(service, environment),
        read_annotations(service, environment, from * seconds, to * seconds),
    )?;
    let device = score_device(&query.dimension);
    let (all, all_before) = (Sketches::from_rollups(&now), Sketches::from_rollups(&before));
    let trend = |vital| compute_vital_trend(vital, &now, all.get(vital), all_before.get(vital));
    Ok(Performance {
        at,
        last_event_at,
        from: Timestamp::from_timestamp(from * seconds, 0).unwrap_or(at),
        to: Timestamp::from_timestamp(to * seconds, 0).unwrap_or(at),
        bucket_seconds: seconds,
        is_simulated: environment.is_simulated(),
        annotations,
        score: all.compute_score(device),
        score_before: all_before.compute_score(device),
        vitals: Vital::ALL.into_iter().map(trend).collect(),
        breakdown: build_breakdown(parts),
        timings: timing_lines(&timed),
    })
}

async fn read_rollups(
    service: &Service,
    query: &RollupQuery,
) -> Result<Vec<Arc<Rollup>>, ServiceError> {
    Ok(service.stores.telemetry.read_rollups(query).await?)
}

/// Reads rollups merged over the time range, where no time series is needed.
async fn read_sums(
    service: &Service,
    query: &RollupQuery,
) -> Result<Vec<Arc<Rollup>>, ServiceError> {
    Ok(service.stores.telemetry.read_rollup_sums(query).await?)
}
