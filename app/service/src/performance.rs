//! How fast pages are, for whom, and since when; from rows only.

use std::collections::BTreeMap;

use phasegate_domain::{
    Timestamp,
    dashboard::{Point, TimingRow},
    ids::EnvironmentId,
    people::Role,
    stats::Sketch,
    telemetry::{Device, Mark, Period, Range, Series, Slice, TimingKind},
    vitals::{Vital, performance_score},
};
use phasegate_store::models::{Row, RowQuery};
use serde::{Serialize, Serializer};

use crate::{
    Service, ServiceError, access::Actor, analytics::read_slice, marks::marks, telemetry::heard_at,
};

/// Lines of a table.
const MAX_LINES: usize = 50;

/// What parts are compared by: the vitals that are shown, and those that the score is made of.
const SHOWN: [Series; 5] = [
    Series::Vital(Vital::Lcp),
    Series::Vital(Vital::Inp),
    Series::Vital(Vital::Cls),
    Series::Vital(Vital::Fcp),
    Series::Vital(Vital::Ttfb),
];

/// By what pages are compared.
pub const BREAKDOWNS: [(&str, &str); 6] = [
    ("page", "Page"),
    ("device", "Device"),
    ("release", "Release"),
    ("flag", "Flag, variant and phase"),
    ("phase", "Phase"),
    ("segment", "Segment"),
];

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerformanceQuery {
    /// Which stretch of time.
    pub period: Period,
    /// Of which part.
    pub slice: Slice,
    /// One of [`BREAKDOWNS`].
    pub by: &'static str,
}

impl PerformanceQuery {
    /// What the fields of an address ask for; what is not said is as usual.
    ///
    /// # Errors
    /// Names the field and what it may be.
    pub fn read<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, ServiceError> {
        let period = Period::read(field("range"), field("from"), field("to"));
        let period = period.map_err(ServiceError::Invalid)?;
        let by = match field("by") {
            "" => "page",
            wanted => match BREAKDOWNS.iter().find(|(kind, _)| *kind == wanted) {
                Some((kind, _)) => kind,
                None => {
                    let kinds = BREAKDOWNS.map(|(kind, _)| kind).join(", ");
                    return Err(ServiceError::Invalid(format!(
                        "by: one of {kinds}, not {wanted:?}"
                    )));
                }
            },
        };
        let slice = read_slice(field("slice"))?;
        Ok(Self { period: period.unwrap_or(Period::Last(Range::Day)), slice, by })
    }
}

/// How fast pages are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Performance {
    /// When it was computed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// When pages reported something last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub heard_at: Option<Timestamp>,
    /// The beginning of the time, UTC.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// Its end.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// How long the spans are that `points` count from 1970, in seconds.
    pub span_seconds: i64,
    /// Whether it was all made up.
    pub is_simulated: bool,
    /// What changed in the meantime, oldest first.
    pub marks: Vec<Mark>,
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
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VitalCourse {
    /// Which one.
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
    /// The p75 of each span that has samples; a span is a minute, hour or day since 1970.
    pub points: Vec<Point>,
}

/// One part, compared with the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakdownLine {
    /// Which part; written as addresses have it.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub slice: Slice,
    /// How many page views had their largest paint measured.
    pub samples: u64,
    /// 75th percentiles of LCP, INP and CLS, in millionths.
    pub p75: [Option<f64>; 3],
    /// 0 to 100.
    pub score: Option<f64>,
}

fn as_text<S: Serializer>(slice: &Slice, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&slice.to_text())
}

/// An endpoint or component.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimingLine {
    /// Which one, how often, and its 75th percentile.
    pub timing: TimingRow,
    /// Median and 95th percentile, in millionths of a second.
    pub p50: f64,
    /// See `p50`.
    pub p95: f64,
    /// How often it failed.
    pub failures: u64,
}

/// Computes it.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn performance(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &PerformanceQuery,
) -> Result<Performance, ServiceError> {
    actor.require(Role::Viewer)?;
    let at = service.now();
    let (from, to) = query.period.span_bounds(at);
    let resolution = query.period.resolution(at);
    let vitals = Vital::ALL.map(Series::Vital);
    let timings = [Series::Timing(TimingKind::Api), Series::Timing(TimingKind::Render)];
    let ask = |series: &[Series], slices: Vec<Slice>, from, to| RowQuery {
        environment,
        resolution,
        series: series.to_vec(),
        slices,
        from,
        to,
    };
    let telemetry = &service.telemetry;
    let mine = || vec![query.slice.clone()];
    let days = query.period.day_bounds(at);
    let days = (days.0 - 1, days.1);
    let lcp = Series::Vital(Vital::Lcp);
    let slices = telemetry.slices(environment, lcp, query.by, days, MAX_LINES).await?;
    let mut timed = timings.to_vec();
    timed.push(Series::Failures);
    let seconds = resolution.seconds();
    let asked = [
        ask(&vitals, mine(), from, to),
        ask(&vitals, mine(), from - (to - from), from),
        ask(&SHOWN, slices, from, to),
        ask(&timed, mine(), from, to),
    ];
    let [now, before, parts, timed] = &asked;
    // Beside each other: the database has a thread for each.
    let (now, before, parts, timed, heard_at, marks) = tokio::try_join!(
        read(service, now),
        read(service, before),
        read(service, parts),
        read(service, timed),
        heard_at(service, environment),
        marks(service, environment, from * seconds, to * seconds),
    )?;
    let device = device_of(&query.slice);
    let (all, all_before) = (Sketches::of(&now), Sketches::of(&before));
    let course = |vital| course(vital, &now, all.get(vital), all_before.get(vital));
    Ok(Performance {
        at,
        heard_at,
        from: Timestamp::from_timestamp(from * seconds, 0).unwrap_or(at),
        to: Timestamp::from_timestamp(to * seconds, 0).unwrap_or(at),
        span_seconds: seconds,
        is_simulated: environment.is_simulated(),
        marks,
        score: all.score(device),
        score_before: all_before.score(device),
        vitals: Vital::ALL.into_iter().map(course).collect(),
        breakdown: breakdown(parts),
        timings: timing_lines(&timed),
    })
}

async fn read(service: &Service, query: &RowQuery) -> Result<Vec<Row>, ServiceError> {
    Ok(service.telemetry.rows(query).await?)
}

/// Phones are what most curves are for.
fn device_of(slice: &Slice) -> Device {
    match slice {
        Slice::Device(device) => *device,
        _ => Device::Phone,
    }
}

/// The distribution of each vital.
#[derive(Debug, Default)]
struct Sketches(BTreeMap<Vital, Sketch>);

impl Sketches {
    fn of(rows: &[Row]) -> Self {
        let mut all = Self::default();
        rows.iter().for_each(|row| all.add(row));
        all
    }

    fn add(&mut self, row: &Row) {
        if let Series::Vital(vital) = row.series {
            self.0.entry(vital).or_default().merge(row.tally.sketch());
        }
    }

    fn get(&self, vital: Vital) -> Option<&Sketch> {
        self.0.get(&vital)
    }

    fn p75(&self, vital: Vital) -> Option<f64> {
        self.get(vital)?.quantile(0.75)
    }

    fn score(&self, device: Device) -> Option<f64> {
        let values = Vital::ALL.into_iter().filter_map(|vital| Some((vital, self.p75(vital)?)));
        performance_score(values, device)
    }
}

fn course(vital: Vital, now: &[Row], all: Option<&Sketch>, before: Option<&Sketch>) -> VitalCourse {
    let (good, poor) = vital.thresholds();
    let samples = all.map_or(0, Sketch::count);
    let at_most = |limit: u64| all.map_or(0, |all| all.count_at_most(limit as f64));
    let point = |row: &Row| {
        let value = row.tally.sketch().quantile(0.75)?;
        Some(Point { minute: row.span, value })
    };
    let mine = now.iter().filter(|row| row.series == Series::Vital(vital));
    VitalCourse {
        vital,
        p75: all.and_then(|all| all.quantile(0.75)),
        p75_before: before.and_then(|before| before.quantile(0.75)),
        samples,
        good: at_most(good),
        poor: samples - at_most(poor),
        points: mine.filter_map(point).collect(),
    }
}

fn breakdown(rows: Vec<Row>) -> Vec<BreakdownLine> {
    let mut parts: BTreeMap<Slice, Sketches> = BTreeMap::new();
    for row in rows {
        match parts.get_mut(&row.slice) {
            Some(part) => part.add(&row),
            None => parts.entry(row.slice.clone()).or_default().add(&row),
        }
    }
    let line = |(slice, part): (Slice, Sketches)| BreakdownLine {
        samples: part.get(Vital::Lcp).map_or(0, Sketch::count),
        p75: [Vital::Lcp, Vital::Inp, Vital::Cls].map(|vital| part.p75(vital)),
        score: part.score(device_of(&slice)),
        slice,
    };
    let mut lines: Vec<BreakdownLine> = parts.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.samples));
    lines.truncate(MAX_LINES);
    lines
}

fn timing_lines(rows: &[Row]) -> Vec<TimingLine> {
    let mut sketches: BTreeMap<(TimingKind, &str), Sketch> = BTreeMap::new();
    let mut failures: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        match row.series {
            Series::Timing(kind) => {
                sketches.entry((kind, &row.label)).or_default().merge(row.tally.sketch());
            }
            _ => *failures.entry(&row.label).or_default() += row.tally.count(),
        }
    }
    let line = |((kind, name), sketch): ((TimingKind, &str), Sketch)| {
        let (samples, p75) = (sketch.count(), sketch.quantile(0.75)?);
        let failures = match kind {
            TimingKind::Api => failures.get(name).copied().unwrap_or_default(),
            TimingKind::Render => 0,
        };
        let timing = TimingRow { kind, name: name.to_owned(), samples, p75 };
        Some(TimingLine {
            timing,
            p50: sketch.quantile(0.5)?,
            p95: sketch.quantile(0.95)?,
            failures,
        })
    };
    let mut lines: Vec<TimingLine> = sketches.into_iter().filter_map(line).collect();
    lines.sort_by(|a, b| b.timing.p75.total_cmp(&a.timing.p75));
    lines.truncate(MAX_LINES);
    lines
}

#[cfg(test)]
mod tests {
    use phasegate_domain::stats::Tally;

    use super::*;

    fn row(series: Series, slice: Slice, label: &str, span: i64, values: &[u64]) -> Row {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add(*value));
        Row { series, slice, label: label.into(), span, tally }
    }

    #[test]
    fn parts_are_compared_with_the_most_samples_first() {
        let lcp = Series::Vital(Vital::Lcp);
        let page = |path: &str| Slice::Page(path.into());
        let lines = breakdown(vec![
            row(lcp, page("/a"), "", 1, &[1_000_000]),
            row(lcp, page("/b"), "", 1, &[9_000_000, 9_000_000]),
            row(lcp, page("/b"), "", 2, &[9_000_000]),
            row(Series::Vital(Vital::Cls), page("/a"), "", 2, &[0]),
        ]);
        assert_eq!(lines.iter().map(|line| line.samples).collect::<Vec<_>>(), [3, 1]);
        assert_eq!((&lines[0].slice, &lines[1].slice), (&page("/b"), &page("/a")));
        assert!(lines[0].score.unwrap() < 10.0 && lines[1].score.unwrap() > 95.0);
        assert_eq!(lines[1].p75[1], None);
    }

    #[test]
    fn a_course_knows_what_was_before() {
        let lcp = Series::Vital(Vital::Lcp);
        let now = [row(lcp, Slice::All, "", 7, &[1_000_000, 3_000_000, 9_000_000])];
        let before = [row(lcp, Slice::All, "", 3, &[2_000_000])];
        let (all, all_before) = (Sketches::of(&now), Sketches::of(&before));
        let course = course(Vital::Lcp, &now, all.get(Vital::Lcp), all_before.get(Vital::Lcp));
        assert_eq!((course.samples, course.good, course.poor), (3, 1, 1));
        assert!((course.p75_before.unwrap() - 2_000_000.0).abs() < 20_001.0);
        assert_eq!(course.points.len(), 1);
    }

    #[test]
    fn slow_and_failing_endpoints_come_first() {
        let api = Series::Timing(TimingKind::Api);
        let mut failed = row(Series::Failures, Slice::All, "/slow", 1, &[]);
        failed.tally.count_up(2);
        let lines = timing_lines(&[
            row(api, Slice::All, "/quick", 1, &[1_000]),
            row(api, Slice::All, "/slow", 1, &[900_000, 1_000_000, 1_100_000]),
            failed,
        ]);
        assert_eq!(lines[0].timing.name, "/slow");
        assert_eq!((lines[0].failures, lines[1].failures), (2, 0));
        assert!(lines[0].p50 <= lines[0].timing.p75 && lines[0].timing.p75 <= lines[0].p95);
    }
}
