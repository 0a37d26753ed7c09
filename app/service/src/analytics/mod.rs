//! What people do with what they are given; from rows and sets of people only.

mod features;
mod people;
mod visits;

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    analytics::{ActivityIndex, CrossUse, cross_use},
    field_error::FieldCode,
    ids::{EnvironmentId, FlagKey, VariantName},
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    reports::Annotation,
    stats::{Aggregate, UserSet},
    time::{Resolution, TimeRange, TimeRangePreset, date_of, day_of},
};
use std::{collections::BTreeMap, sync::Arc};

use phasegate_store::models::{Rollup, RollupQuery};
use serde::Serialize;

pub use self::{
    features::AdoptionLine,
    people::{Arm, DayPeople, PeopleNumbers, PeoplePanel},
    visits::{
        EventLine, FeedbackPanel, OpinionNumbers, PropertyLine, SessionNumbers, SessionPanel,
        TaskLine,
    },
};
use crate::{
    CachedEnvironment, Service, ServiceError, access::Actor, annotations::marks, ingest::heard_at,
};

/// What is read of what was counted.
const SERIES: [Metric; 9] = [
    Metric::Engagement,
    Metric::Sessions,
    Metric::ErrorSessions,
    Metric::CriticalSessions,
    Metric::Tasks,
    Metric::Custom,
    Metric::Properties,
    Metric::Feedback,
    Metric::Nps,
];

/// Lines of a table.
const MAX_LINES: usize = 50;

/// How long after the period it is looked whether people are back, in days.
const LOOKED_AFTER: i64 = 30;

/// What is asked for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    pub period: TimeRange,
    /// Of whom: everybody, those of a segment, those who were there in a phase, or those who were
    /// exposed to a variant.
    pub slice: Dimension,
    /// The flag whose arms are compared in retention.
    pub flag: Option<FlagKey>,
}

impl AnalyticsQuery {
    /// What the fields of an address ask for; what is not said is as usual.
    ///
    /// # Errors
    /// Names the field and what it may be.
    pub fn read<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, ServiceError> {
        let period = TimeRange::read(field("range"), field("from"), field("to"));
        let period = period.map_err(|error| ServiceError::of_validator(&error))?;
        if matches!(period, Some(TimeRange::Last(TimeRangePreset::Hour | TimeRangePreset::Day))) {
            let text = "7d, 30d or 90d, because people are counted by days";
            return Err(ServiceError::invalid("range", FieldCode::Invalid, text));
        }
        let flag = match field("flag") {
            "" => None,
            key => {
                let invalid = |error: phasegate_domain::ids::InvalidKey| {
                    ServiceError::invalid("flag", FieldCode::Invalid, error.to_string())
                };
                Some(FlagKey::new(key).map_err(invalid)?)
            }
        };
        let slice = read_slice(field("slice"))?;
        Ok(Self { period: period.unwrap_or(TimeRange::Last(TimeRangePreset::Month)), slice, flag })
    }

    /// As an address says it.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("slice", self.slice.to_text())];
        fields.extend(self.flag.as_ref().map(|flag| ("flag", flag.to_string())));
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    /// Whether people can be told apart by it.
    #[must_use]
    pub fn takes(slice: &Dimension) -> bool {
        matches!(
            slice,
            Dimension::All | Dimension::Segment(_) | Dimension::Phase(_) | Dimension::Flag(..)
        )
    }
}

/// What people do. Numbers `before` are those of as many days before.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analytics {
    /// When it was computed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// When pages reported something last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub heard_at: Option<Timestamp>,
    /// The first day, UTC.
    pub from: String,
    /// The last day, UTC; today is not over.
    pub to: String,
    /// Whether all of it is simulated.
    pub is_simulated: bool,
    pub people: PeoplePanel,
    /// Each flag that a user was exposed to, those with the most users first.
    pub adoption: Vec<AdoptionLine>,
    /// Each pair of used features.
    pub cross_use: Vec<CrossUse>,
    /// Whether people come back: everybody, or those who were exposed to a flag on, and off.
    pub retention: Vec<Arm>,
    pub sessions: SessionPanel,
    pub tasks: Vec<TaskLine>,
    pub opinion: FeedbackPanel,
    /// The app's own events, the most frequent first.
    pub events: Vec<EventLine>,
    /// Values of properties, the most frequent first; those beyond the bound are under "other".
    pub properties: Vec<PropertyLine>,
    /// What changed in the meantime, oldest first.
    pub marks: Vec<Annotation>,
}

/// All that was counted on some days.
struct Window {
    presence: ActivityIndex,
    rows: Vec<Rollup>,
}

/// What the parts of a panel are computed from, each on a thread of its own.
struct Counted {
    live: Arc<CachedEnvironment>,
    environment: EnvironmentId,
    now: Window,
    before: Window,
}

impl Counted {
    fn off(&self) -> OffVariants<'_> {
        OffVariants::new(&self.live, self.environment)
    }
}

/// Computes a part on a thread of its own: sets of many people take a while.
async fn run_blocking<T: Send + 'static>(
    counted: &Arc<Counted>,
    part: impl FnOnce(&Counted) -> T + Send + 'static,
) -> Result<T, ServiceError> {
    let counted = Arc::clone(counted);
    let done = tokio::task::spawn_blocking(move || part(&counted)).await;
    done.map_err(|_| ServiceError::Inconsistent("a panel could not be computed; the log says why"))
}

/// Computes it.
///
/// # Errors
/// When the actor may not look, people cannot be told apart by the slice, or storage fails.
pub async fn analytics(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &AnalyticsQuery,
) -> Result<Analytics, ServiceError> {
    actor.require(Role::Viewer)?;
    if !AnalyticsQuery::takes(&query.slice) {
        let text = "segment:…, phase:… or flag:FLAG:VARIANT:PHASE; people are not counted by page, device or release";
        return Err(ServiceError::invalid("slice", FieldCode::Invalid, text));
    }
    let live = service.environment(environment)?;
    let at = service.now();
    let today = day_of(at);
    let (from, to) = query.period.day_bounds(at);
    // Beside each other: the database has a thread for each.
    let (now, before, (newcomers, active), heard_at, marks) = tokio::try_join!(
        read(service, environment, &query.slice, from, to),
        read(service, environment, &query.slice, from - (to - from), from),
        comers(service, environment, &query.slice, (from, to), today),
        heard_at(service, environment),
        marks(service, environment, from * 86_400, to * 86_400),
    )?;
    let counted = Arc::new(Counted { live, environment, now, before });
    let flag = query.flag.clone();
    let (adoption, retention) = tokio::try_join!(
        run_blocking(&counted, |counted| features::adoptions(
            &counted.now,
            &counted.before,
            &counted.off()
        )),
        run_blocking(&counted, move |counted| {
            let comers = (&newcomers, &active);
            people::arms(&counted.now.presence, comers, &counted.off(), flag.as_ref(), today)
        }),
    )?;
    let Counted { now, before, .. } = &*counted;
    Ok(Analytics {
        at,
        heard_at,
        from: date_of(from),
        to: date_of(to - 1),
        is_simulated: environment.is_simulated(),
        people: people::panel(&now.presence, &before.presence, today),
        adoption,
        cross_use: cross_use(&now.presence),
        retention,
        sessions: visits::sessions(&now.rows, &before.rows),
        tasks: visits::tasks(&now.rows, &before.rows),
        opinion: visits::opinion(&now.rows, &before.rows),
        events: visits::events(&now.rows, &before.rows),
        properties: visits::properties(&now.rows, &before.rows),
        marks,
    })
}

/// The segments and phases that people were seen in: of whom it can be asked.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn parts(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    period: TimeRange,
) -> Result<Vec<Dimension>, ServiceError> {
    actor.require(Role::Viewer)?;
    let days = period.day_bounds(service.now());
    let mut parts = Vec::new();
    for kind in [DimensionKind::Segment, DimensionKind::Phase] {
        let found = service.stores.telemetry.dimensions(
            environment,
            Metric::Sessions,
            kind,
            days,
            MAX_LINES,
        );
        let mut found = found.await?;
        found.sort();
        parts.extend(found);
    }
    Ok(parts)
}

/// A slice as addresses have it.
pub(crate) fn read_slice(text: &str) -> Result<Dimension, ServiceError> {
    Dimension::parse(text).ok_or_else(|| {
        let message = format!(
            "empty, or such as device:phone, page:/a, release:1.0, phase:2, segment:beta or flag:A:on:2, not {text:?}"
        );
        ServiceError::invalid("slice", FieldCode::Invalid, message)
    })
}

async fn read(
    service: &Service,
    environment: EnvironmentId,
    slice: &Dimension,
    from: i64,
    to: i64,
) -> Result<Window, ServiceError> {
    let query = RollupQuery {
        environment,
        resolution: Resolution::Day,
        series: SERIES.to_vec(),
        slices: vec![slice.clone()],
        from,
        to,
    };
    let (presence, rows) = tokio::try_join!(
        service.stores.telemetry.user_sets(environment, &ActivityFilter::All, from, to),
        service.stores.telemetry.sums(&query),
    )?;
    let presence: ActivityIndex = presence.into_iter().collect();
    let presence = match filter(&presence, slice) {
        Some(filter) => presence.among(&filter),
        None => presence,
    };
    Ok(Window { presence, rows })
}

/// The people of a slice, by day; nothing where it is everybody.
fn filter(presence: &ActivityIndex, slice: &Dimension) -> Option<BTreeMap<i64, UserSet>> {
    let wanted = activity_of(slice)?;
    Some(presence.by_day(|activity| *activity == wanted))
}

/// What those of a slice did.
fn activity_of(slice: &Dimension) -> Option<Activity> {
    Some(match slice {
        Dimension::Segment(segment) => Activity::InSegment(segment.clone()),
        Dimension::Phase(phase) => Activity::InPhase(*phase),
        Dimension::Flag(flag, variant, phase) => {
            Activity::Exposed(flag.clone(), variant.clone(), *phase)
        }
        _ => return None,
    })
}

/// Who came for the first time on the days or in the month before them, and who was there since: to
/// know who is back after 30 days, one must look further back than the days that are shown. Somebody
/// who is back is back, whatever they are part of by then.
async fn comers(
    service: &Service,
    environment: EnvironmentId,
    slice: &Dimension,
    (from, to): (i64, i64),
    today: i64,
) -> Result<(ActivityIndex, ActivityIndex), ServiceError> {
    let telemetry = &service.stores.telemetry;
    let begin = from - LOOKED_AFTER;
    let first =
        telemetry.user_sets(environment, &ActivityFilter::Only(Activity::First), begin, to).await?;
    let newcomers: ActivityIndex = first.into_iter().collect();
    let newcomers = match activity_of(slice) {
        Some(activity) => {
            let part = telemetry
                .user_sets(environment, &ActivityFilter::Only(activity.clone()), begin, to)
                .await?;
            let part: ActivityIndex = part.into_iter().collect();
            newcomers.among(&part.by_day(|found| *found == activity))
        }
        None => newcomers,
    };
    let end = (to + LOOKED_AFTER).min(today + 1);
    let active = telemetry
        .user_sets(environment, &ActivityFilter::Only(Activity::Active), begin, end)
        .await?;
    Ok((newcomers, active.into_iter().collect()))
}

fn of(rows: &[Rollup], series: Metric) -> impl Iterator<Item = &Rollup> {
    rows.iter().filter(move |row| row.series == series)
}

fn sum(rows: &[Rollup], series: Metric) -> Aggregate {
    let mut all = Aggregate::default();
    of(rows, series).for_each(|row| all.merge(&row.aggregate));
    all
}

/// The variants that are as good as not having the features.
struct OffVariants<'a> {
    live: &'a CachedEnvironment,
    /// Simulated telemetry has no previous period.
    made_up: Option<VariantName>,
}

impl<'a> OffVariants<'a> {
    fn new(live: &'a CachedEnvironment, environment: EnvironmentId) -> Self {
        let made_up = environment.is_simulated().then(|| VariantName::new("off").ok()).flatten();
        Self { live, made_up }
    }

    fn of(&self, flag: &FlagKey) -> Option<&VariantName> {
        let entry = self.live.snapshot.flag(flag.as_str());
        self.made_up.as_ref().or(entry.map(|entry| &entry.flag.off_variant))
    }
}
