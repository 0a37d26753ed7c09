//! The flag list.

use phasegate_domain::{flags::FlagRow, ids::EnvironmentId, people::Role};

use crate::{Service, ServiceError, access::Actor};

/// All flags of an environment, in the order of the phases that add them.
///
/// # Errors
/// When the actor may not look, or there is no such environment.
pub fn list(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<FlagRow>, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let current = live.snapshot.rollout().and_then(|rollout| rollout.state.serving_phase());
    let mut rows: Vec<FlagRow> = live
        .snapshot
        .flags()
        .map(|entry| FlagRow {
            flag: entry.flag.clone(),
            state: entry.state,
            added_in: entry.added_in,
            is_reached: entry.added_in.is_some_and(|phase| current.is_some_and(|c| phase <= c)),
        })
        .collect();
    rows.sort_by_key(|row| (row.added_in.is_none(), row.added_in));
    Ok(rows)
}
