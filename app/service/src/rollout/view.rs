//! The rollout for its page, and the current phase for apps.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, SubjectKind},
    config::Snapshot,
    ids::{EnvironmentId, FlagKey},
    reports::{
        Annotation, CurrentPhase, FeedbackSummary, FirstMinutes, KpiValue, RolloutSummary,
        RolloutView,
    },
    rollout::Rollout,
};
use phasegate_store::models::AuditQuery;

use super::{
    feedback::read_feedback_since, kill::find_killed_flags, kpis::measure_kpis,
    minutes::read_first_minutes, reach::measure_reach,
};
use crate::{Service, ServiceError, access::Actor, annotations::read_annotations, gates};

/// The maximum number of audit entries on the page.
const HISTORY_LINES: u32 = 50;

/// Reads an environment's rollout with its history and measurements; `None` if there is no plan.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_rollout_view(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<RolloutView>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let Some(rollout) = service.stores.state.read_rollout(environment).await? else {
        return Ok(None);
    };
    let (gate, reach, measured) = tokio::join!(
        gates::evaluate_gate(service, environment, &rollout),
        measure_reach(service, environment, &rollout),
        read_measurement(service, environment, &rollout),
    );
    let Measurement { kpis, first_minutes, feedback, annotations } =
        empty_on_store_error(measured)?;
    let history = read_rollout_history(service, environment).await?;
    let live = service.environment(environment)?;
    let name = |key: &FlagKey| {
        let name = live.stored_flag(key.as_str()).ok()?.flag.name.clone();
        (!name.is_empty()).then(|| (key.clone(), name))
    };
    let flags = rollout.plan.phases.iter().flat_map(|phase| &phase.flags);
    let killed = find_killed_flags(&live, &rollout);
    Ok(Some(RolloutView {
        flag_names: flags.filter_map(name).collect(),
        killed,
        kpis,
        first_minutes,
        feedback,
        annotations,
        plan: rollout.plan,
        state: rollout.state,
        gate: gate?,
        reach: reach?,
        version: rollout.version,
        history,
        role: actor.role(),
        at: service.now(),
    }))
}

/// Reads the rollout with its history, without measurements; `None` if there is no plan.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_rollout_summary(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<RolloutSummary>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let Some(rollout) = service.stores.state.read_rollout(environment).await? else {
        return Ok(None);
    };
    let Rollout { plan, state, version, .. } = rollout;
    let history = read_rollout_history(service, environment).await?;
    let (role, at) = (actor.role(), service.now());
    Ok(Some(RolloutSummary { plan, state, version, history, role, at }))
}

/// Returns the version of the rollout, from memory; `None` if there is no plan.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_rollout_version(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<i64>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    Ok(live.snapshot.rollout().map(|rollout| rollout.version))
}

/// Reads the newest audit entries about the rollout.
async fn read_rollout_history(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Vec<AuditEntry>, ServiceError> {
    let query = AuditQuery {
        kind: Some(SubjectKind::Rollout),
        limit: HISTORY_LINES,
        ..AuditQuery::default()
    };
    let records = service.stores.state.read_audit_records(environment, &query).await?;
    Ok(records.into_iter().map(|record| record.entry).collect())
}

/// Numbers that come from telemetry.
#[derive(Default)]
struct Measurement {
    kpis: Vec<KpiValue>,
    first_minutes: Option<FirstMinutes>,
    feedback: FeedbackSummary,
    annotations: Vec<Annotation>,
}

async fn read_measurement(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Measurement, ServiceError> {
    let now = service.now();
    let state = &rollout.state;
    let phase_since = state.status.progress().map_or(now, |progress| progress.phase_since);
    let began = state.started_at.unwrap_or(phase_since);
    let (kpis, first_minutes, feedback, annotations) = tokio::try_join!(
        measure_kpis(service, environment, rollout),
        read_first_minutes(service, environment, rollout),
        read_feedback_since(service, environment, phase_since),
        read_annotations(service, environment, began.timestamp(), now.timestamp() + 1),
    )?;
    Ok(Measurement { kpis, first_minutes, feedback, annotations })
}

/// Replaces storage errors with empty measurements, because a rollback needs the page.
fn empty_on_store_error(
    measured: Result<Measurement, ServiceError>,
) -> Result<Measurement, ServiceError> {
    match measured {
        Err(error @ (ServiceError::Store(_) | ServiceError::Full | ServiceError::Locked)) => {
            tracing::error!(%error, "the KPIs of the rollout cannot be read");
            Ok(Measurement::default())
        }
        measured => measured,
    }
}

/// Returns the phase that is served now; `None` before the start.
#[must_use]
pub fn current_phase(snapshot: &Snapshot) -> Option<CurrentPhase> {
    let rollout = snapshot.rollout()?;
    let phase = rollout.plan.phase(snapshot.serving_phase()?)?;
    Some(CurrentPhase {
        number: phase.number,
        name: phase.name.clone(),
        percentage: phase.percentage.percent(),
    })
}
