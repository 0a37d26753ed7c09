//! Product analytics, computed from rollups and user sets only.

mod features;
mod range_data;
mod users;
mod visits;

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    analytics::{ActivityIndex, CrossUse, compute_cross_use},
    field_error::FieldCode,
    ids::{EnvironmentId, FlagKey},
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    reports::Annotation,
    stats::UserSet,
    time::{Resolution, TimeRange, TimeRangePreset, date_of, day_of},
};
use std::{collections::BTreeMap, sync::Arc};

use phasegate_store::models::RollupQuery;
use serde::Serialize;

use self::range_data::{MAX_LINES, OffVariants, RangeData};
pub use self::{
    features::AdoptionLine,
    users::{Arm, DailyUsers, UserNumbers, UsersPanel},
    visits::{
        EventLine, FeedbackNumbers, FeedbackPanel, PropertyLine, SessionNumbers, SessionPanel,
        TaskLine,
    },
};
use crate::{
    CachedEnvironment, Service, ServiceError, access::Actor, annotations::read_annotations,
    ingest::last_event_at,
};

/// The metrics whose rollups are read.
const METRICS: [Metric; 9] = [
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

/// Days before and after the time range whose activity is read, for 30-day retention.
const LOOKED_AFTER: i64 = 30;

/// The parameters of an analytics query.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    pub period: TimeRange,
    /// All users, those of a segment, those active in a phase, or those exposed to a variant.
    pub dimension: Dimension,
    /// The flag whose arms are compared in retention.
    pub flag: Option<FlagKey>,
}

impl AnalyticsQuery {
    /// Reads the URL's query parameters. The default is all users of the last 30 days.
    ///
    /// # Errors
    /// Returns an error that names the invalid parameter and its valid values.
    pub fn parse_parameters<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, ServiceError> {
        let period = TimeRange::parse_fields(field("range"), field("from"), field("to"))?;
        if matches!(period, Some(TimeRange::Last(TimeRangePreset::Hour | TimeRangePreset::Day))) {
            let text = "7d, 30d or 90d, because users are counted by days";
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
        let dimension = parse_dimension(field("dimension"))?;
        Ok(Self {
            period: period.unwrap_or(TimeRange::Last(TimeRangePreset::Month)),
            dimension,
            flag,
        })
    }

    /// Returns the URL's query parameters except the time range, without empty ones.
    #[must_use]
    pub fn to_parameters(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("dimension", self.dimension.to_text())];
        fields.extend(self.flag.as_ref().map(|flag| ("flag", flag.to_string())));
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    /// Returns whether users are counted by this kind of dimension.
    #[must_use]
    pub fn supports_dimension(dimension: &Dimension) -> bool {
        matches!(
            dimension,
            Dimension::All | Dimension::Segment(_) | Dimension::Phase(_) | Dimension::Flag(..)
        )
    }
}

/// The analytics of a time range. Numbers named `before` are those of the previous period of the
/// same length.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analytics {
    /// When it was computed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// The time of the last stored telemetry batch.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_event_at: Option<Timestamp>,
    /// The first day, UTC.
    pub from: String,
    /// The last day, UTC; today is incomplete.
    pub to: String,
    /// Whether the telemetry is simulated.
    pub is_simulated: bool,
    pub users: UsersPanel,
    /// Each flag with exposures or uses, those with the most exposed users first.
    pub adoption: Vec<AdoptionLine>,
    /// Each pair of features that users used.
    pub cross_use: Vec<CrossUse>,
    /// The retention of all users, or of the treatment and control arm of a flag.
    pub retention: Vec<Arm>,
    pub sessions: SessionPanel,
    pub tasks: Vec<TaskLine>,
    pub feedback: FeedbackPanel,
    /// The app's custom events, the most frequent first.
    pub events: Vec<EventLine>,
    /// Values of event properties, the most frequent first; "other" counts those beyond the bound.
    pub properties: Vec<PropertyLine>,
    /// Changes of flags, phases and releases in the time range, oldest first.
    pub annotations: Vec<Annotation>,
}

/// The data shared by the parts that are computed on blocking threads.
struct Counted {
    live: Arc<CachedEnvironment>,
    environment: EnvironmentId,
    now: RangeData,
    before: RangeData,
}

impl Counted {
    fn off_variants(&self) -> OffVariants<'_> {
        OffVariants::new(&self.live, self.environment)
    }
}

/// Computes a part on a blocking thread, because large user sets take a while.
async fn run_blocking<T: Send + 'static>(
    counted: &Arc<Counted>,
    part: impl FnOnce(&Counted) -> T + Send + 'static,
) -> Result<T, ServiceError> {
    let counted = Arc::clone(counted);
    let done = tokio::task::spawn_blocking(move || part(&counted)).await;
    done.map_err(|_| ServiceError::Inconsistent("a panel could not be computed; the log says why"))
}

/// Computes the analytics of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, users are not counted by the dimension, or
/// storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn compute_analytics(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &AnalyticsQuery,
) -> Result<Analytics, ServiceError> {
    actor.require_role(Role::Viewer)?;
    if !AnalyticsQuery::supports_dimension(&query.dimension) {
        let text = "segment:…, phase:… or flag:FLAG:VARIANT:PHASE; users are not counted by page, device or release";
        return Err(ServiceError::invalid("dimension", FieldCode::Invalid, text));
    }
    let live = service.environment(environment)?;
    let at = service.now();
    let today = day_of(at);
    let (from, to) = query.period.day_bounds(at);
    // Concurrently: the database has a thread for each query.
    let (now, before, (new_users, active), last_event_at, annotations) = tokio::try_join!(
        read_window(service, environment, &query.dimension, from, to),
        read_window(service, environment, &query.dimension, from - (to - from), from),
        read_new_users(service, environment, &query.dimension, (from, to), today),
        last_event_at(service, environment),
        read_annotations(service, environment, from * 86_400, to * 86_400),
    )?;
    let counted = Arc::new(Counted { live, environment, now, before });
    let flag = query.flag.clone();
    let (adoption, retention) = tokio::try_join!(
        run_blocking(&counted, |counted| features::compute_adoption_lines(
            &counted.now,
            &counted.before,
            &counted.off_variants()
        )),
        run_blocking(&counted, move |counted| {
            let comers = (&new_users, &active);
            users::compute_retention_arms(
                &counted.now.activity_index,
                comers,
                &counted.off_variants(),
                flag.as_ref(),
                today,
            )
        }),
    )?;
    let Counted { now, before, .. } = &*counted;
    Ok(Analytics {
        at,
        last_event_at,
        from: date_of(from),
        to: date_of(to - 1),
        is_simulated: environment.is_simulated(),
        users: users::compute_users_panel(&now.activity_index, &before.activity_index, today),
        adoption,
        cross_use: compute_cross_use(&now.activity_index),
        retention,
        sessions: visits::compute_session_panel(&now.rows, &before.rows),
        tasks: visits::compute_task_lines(&now.rows, &before.rows),
        feedback: visits::compute_feedback_panel(&now.rows, &before.rows),
        events: visits::compute_event_lines(&now.rows, &before.rows),
        properties: visits::compute_property_lines(&now.rows, &before.rows),
        annotations,
    })
}

/// Reads the segments and phases that had sessions, which analytics can be restricted to.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_dimensions(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    period: TimeRange,
) -> Result<Vec<Dimension>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let days = period.day_bounds(service.now());
    let mut parts = Vec::new();
    for kind in [DimensionKind::Segment, DimensionKind::Phase] {
        let found = service.stores.telemetry.read_dimensions(
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

/// Parses a dimension of a URL, such as `segment:beta`.
pub(crate) fn parse_dimension(text: &str) -> Result<Dimension, ServiceError> {
    Dimension::parse(text).ok_or_else(|| {
        let message = format!(
            "empty, or such as device:phone, page:/a, release:1.0, phase:2, segment:beta or flag:A:on:2, not {text:?}"
        );
        ServiceError::invalid("dimension", FieldCode::Invalid, message)
    })
}

async fn read_window(
    service: &Service,
    environment: EnvironmentId,
    dimension: &Dimension,
    from: i64,
    to: i64,
) -> Result<RangeData, ServiceError> {
    let query = RollupQuery {
        environment,
        resolution: Resolution::Day,
        metrics: METRICS.to_vec(),
        dimensions: vec![dimension.clone()],
        from,
        to,
    };
    let (activity_index, rows) = tokio::try_join!(
        service.stores.telemetry.read_user_sets(environment, &ActivityFilter::All, from, to),
        service.stores.telemetry.read_rollup_sums(&query),
    )?;
    let activity_index: ActivityIndex = activity_index.into_iter().collect();
    let activity_index = match users_by_day(&activity_index, dimension) {
        Some(filter) => activity_index.restrict_to_users(&filter),
        None => activity_index,
    };
    Ok(RangeData { activity_index, rows })
}

/// Returns the users of a dimension by day, or `None` if it includes all users.
fn users_by_day(
    activity_index: &ActivityIndex,
    dimension: &Dimension,
) -> Option<BTreeMap<i64, UserSet>> {
    let wanted = activity_of(dimension)?;
    Some(activity_index.merge_by_day(|activity| *activity == wanted))
}

/// Returns the activity that the users of a dimension have in common.
fn activity_of(dimension: &Dimension) -> Option<Activity> {
    Some(match dimension {
        Dimension::Segment(segment) => Activity::InSegment(segment.clone()),
        Dimension::Phase(phase) => Activity::InPhase(*phase),
        Dimension::Flag(flag, variant, phase) => {
            Activity::Exposed(flag.clone(), variant.clone(), *phase)
        }
        _ => return None,
    })
}

/// Reads the users first seen in the time range or the 30 days before it, and the active users from
/// then until 30 days after it: 30-day retention needs more days than are shown. The dimension
/// restricts only the new users, because any later activity counts as a return.
async fn read_new_users(
    service: &Service,
    environment: EnvironmentId,
    dimension: &Dimension,
    (from, to): (i64, i64),
    today: i64,
) -> Result<(ActivityIndex, ActivityIndex), ServiceError> {
    let telemetry = &service.stores.telemetry;
    let begin = from - LOOKED_AFTER;
    let first = telemetry
        .read_user_sets(environment, &ActivityFilter::Only(Activity::First), begin, to)
        .await?;
    let new_users: ActivityIndex = first.into_iter().collect();
    let new_users = match activity_of(dimension) {
        Some(activity) => {
            let part = telemetry
                .read_user_sets(environment, &ActivityFilter::Only(activity.clone()), begin, to)
                .await?;
            let part: ActivityIndex = part.into_iter().collect();
            new_users.restrict_to_users(&part.merge_by_day(|found| *found == activity))
        }
        None => new_users,
    };
    let end = (to + LOOKED_AFTER).min(today + 1);
    let active = telemetry
        .read_user_sets(environment, &ActivityFilter::Only(Activity::Active), begin, end)
        .await?;
    Ok((new_users, active.into_iter().collect()))
}
