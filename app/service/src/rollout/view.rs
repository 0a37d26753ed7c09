//! The rollout page, and the phase as apps ask for it.

use phasegate_domain::{
    dashboard::CurrentPhase, history::SubjectKind, ids::EnvironmentId, people::Role,
    rollout::RolloutView, snapshot::Snapshot,
};

use phasegate_store::models::HistoryQuery;

use super::reach::reach;
use crate::{Service, ServiceError, access::Actor, gates};

/// Lines of history on the page.
const HISTORY_LINES: u32 = 50;

/// The environment's rollout with its history; `None` when no plan is loaded.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn view(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<RolloutView>, ServiceError> {
    actor.require(Role::Viewer)?;
    let Some(rollout) = service.state.rollout(environment).await? else {
        return Ok(None);
    };
    let query = HistoryQuery {
        kind: Some(SubjectKind::Rollout),
        limit: HISTORY_LINES,
        ..HistoryQuery::default()
    };
    let (gate, reach) = tokio::join!(
        gates::gate(service, environment, &rollout),
        reach(service, environment, &rollout),
    );
    let history = service.state.history(environment, &query).await?;
    let history = history.into_iter().map(|line| line.entry).collect();
    Ok(Some(RolloutView {
        plan: rollout.plan,
        standing: rollout.standing,
        gate: gate?,
        reach: reach?,
        version: rollout.version,
        history,
        role: actor.role(),
        at: service.now(),
    }))
}

/// The phase that is served now; `None` before the start.
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
