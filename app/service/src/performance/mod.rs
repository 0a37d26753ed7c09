//! How fast pages are, for whom, and since when; from rows only.

mod parts;

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    events::TimingKind,
    field_error::FieldCode,
    ids::EnvironmentId,
    metrics::{Dimension, DimensionKind, Metric},
    reports::{Annotation, Point, TimingRow},
    time::{TimeRange, TimeRangePreset},
    vitals::Vital,
};
use phasegate_store::models::{Rollup, RollupQuery};
use serde::{Serialize, Serializer};

use self::parts::{Sketches, breakdown, course, device_of, timing_lines};
use crate::{
    Service, ServiceError, access::Actor, analytics::parse_dimension,
    annotations::read_annotations, ingest::last_event_at,
};

/// Lines of a table.
const MAX_LINES: usize = 50;

/// What parts are compared by: the vitals that are shown, and those that the score is made of.
const SHOWN: [Metric; 5] = [
    Metric::Vital(Vital::Lcp),
    Metric::Vital(Vital::Inp),
    Metric::Vital(Vital::Cls),
    Metric::Vital(Vital::Fcp),
    Metric::Vital(Vital::Ttfb),
];

/// By what pages are compared.
pub const BREAKDOWNS: [(DimensionKind, &str); 6] = [
    (DimensionKind::Page, "Page"),
    (DimensionKind::Device, "Device"),
    (DimensionKind::Release, "Release"),
    (DimensionKind::Flag, "Flag, variant and phase"),
    (DimensionKind::Phase, "Phase"),
    (DimensionKind::Segment, "Segment"),
];

/// What is asked for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerformanceQuery {
    /// Which stretch of time.
    pub period: TimeRange,
    pub dimension: Dimension,
    pub by: DimensionKind,
}

impl PerformanceQuery {
    /// What the fields of an address ask for; what is not said is as usual.
    ///
    /// # Errors
    /// Names the field and what it may be.
    pub fn read<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, ServiceError> {
        let period = TimeRange::read(field("range"), field("from"), field("to"))?;
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

/// How fast pages are.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Performance {
    /// When it was computed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// When pages reported something last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_event_at: Option<Timestamp>,
    /// The beginning of the time, UTC.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// How long the buckets are that `points` count from 1970, in seconds.
    pub bucket_seconds: i64,
    /// Whether all of it is simulated.
    pub is_simulated: bool,
    /// What changed in the meantime, oldest first.
    pub annotations: Vec<Annotation>,
    /// 0 to 100; `None` without samples.
    pub score: Option<f64>,
    /// The score of the range before.
    pub score_before: Option<f64>,
    /// One for each vital, in the order of [`Vital::ALL`].
    pub vitals: Vec<VitalCourse>,
    /// The parts compared, those with the most samples first.
    pub breakdown: Vec<BreakdownLine>,
    /// Timed endpoints and components, slowest first.
    pub timings: Vec<TimingLine>,
}

/// One vital over the range.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VitalCourse {
    pub vital: Vital,
    /// 75th percentile, in millionths; `None` without samples.
    pub p75: Option<f64>,
    /// The same over the range before.
    pub p75_before: Option<f64>,
    /// How many values it rests on.
    pub samples: u64,
    /// How many of them are good.
    pub good: u64,
    /// How many of them are poor.
    pub poor: u64,
    /// The p75 of each bucket that has samples; a bucket is a minute, hour or day since 1970.
    pub points: Vec<Point>,
}

/// One part, compared with the others.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakdownLine {
    /// Which part; written as addresses have it.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub dimension: Dimension,
    /// How many page views had their largest paint measured.
    pub samples: u64,
    /// 75th percentiles of LCP, INP and CLS, in millionths.
    pub p75: [Option<f64>; 3],
    pub score: Option<f64>,
}

fn as_text<S: Serializer>(dimension: &Dimension, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dimension.to_text())
}

/// An endpoint or component.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimingLine {
    /// Which one, how often, and its 75th percentile.
    pub timing: TimingRow,
    /// Median and 95th percentile, in millionths of a second.
    pub p50: f64,
    pub p95: f64,
    /// How often it failed.
    pub failures: u64,
}

/// Computes it.
///
/// # Errors
/// When the actor may not look, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn performance(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &PerformanceQuery,
) -> Result<Performance, ServiceError> {
    actor.require(Role::Viewer)?;
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
    let dimensions = telemetry.dimensions(environment, lcp, query.by, days, MAX_LINES).await?;
    let mut timed = timings.to_vec();
    timed.push(Metric::Failures);
    let seconds = resolution.seconds();
    let asked = [
        ask(&vitals, mine(), from, to),
        ask(&vitals, mine(), from - (to - from), from),
        ask(&SHOWN, dimensions, from, to),
        ask(&timed, mine(), from, to),
    ];
    let [now, before, parts, timed] = &asked;
    // Beside each other: the database has a thread for each.
    let (now, before, parts, timed, last_event_at, annotations) = tokio::try_join!(
        read(service, now),
        sums(service, before),
        sums(service, parts),
        sums(service, timed),
        last_event_at(service, environment),
        read_annotations(service, environment, from * seconds, to * seconds),
    )?;
    let device = device_of(&query.dimension);
    let (all, all_before) = (Sketches::of(&now), Sketches::of(&before));
    let course = |vital| course(vital, &now, all.get(vital), all_before.get(vital));
    Ok(Performance {
        at,
        last_event_at,
        from: Timestamp::from_timestamp(from * seconds, 0).unwrap_or(at),
        to: Timestamp::from_timestamp(to * seconds, 0).unwrap_or(at),
        bucket_seconds: seconds,
        is_simulated: environment.is_simulated(),
        annotations,
        score: all.score(device),
        score_before: all_before.score(device),
        vitals: Vital::ALL.into_iter().map(course).collect(),
        breakdown: breakdown(parts),
        timings: timing_lines(&timed),
    })
}

async fn read(service: &Service, query: &RollupQuery) -> Result<Vec<Rollup>, ServiceError> {
    Ok(service.stores.telemetry.rollups(query).await?)
}

/// Where the course does not matter.
async fn sums(service: &Service, query: &RollupQuery) -> Result<Vec<Rollup>, ServiceError> {
    Ok(service.stores.telemetry.sums(query).await?)
}
