//! What needs attention in an environment, for the frame of every page.

use phasegate_domain::{
    accounts::Role,
    ids::EnvironmentId,
    reports::{Attention, AttentionIncident},
};

use crate::{Service, ServiceError, access::Actor, gates::read_firing_alerts};

/// Reads the alerts that fire and the incidents that are open. Alerts that cannot be measured now are
/// left out, because a page must not fail for them.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the rollout cannot be read.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_attention(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Attention, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let at = service.now();
    let Some(rollout) = service.stores.state.read_rollout(environment).await? else {
        return Ok(Attention { at, alerts: Vec::new(), incidents: Vec::new() });
    };
    let alerts = read_firing_alerts(service, environment, &rollout).await;
    let alerts = alerts.unwrap_or_else(|error| {
        tracing::warn!(%error, "alerts could not be measured");
        Vec::new()
    });
    let open = rollout.state.record.incidents.iter().rev();
    let open = open.filter(|incident| incident.closed_at.is_none());
    let incidents = open.map(|incident| AttentionIncident {
        id: incident.id,
        kind: incident.kind,
        reason: incident.reason.clone(),
        acted_at: incident.acted_at,
    });
    Ok(Attention { at, alerts, incidents: incidents.collect() })
}
