//! Validates a change against every environment of the project.

use std::{collections::BTreeMap, sync::Arc};

use phasegate_domain::{
    Timestamp,
    config::EnvironmentConfig,
    flags::{Flag, FlagState, IndividualOverride},
    ids::FlagKey,
    targeting::Segments,
};
use phasegate_store::models::NewFlag;

use crate::{CachedEnvironment, Service, ServiceError};

/// The configuration of an environment after a change.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) flags: BTreeMap<FlagKey, (Arc<Flag>, Arc<FlagState>)>,
    pub(crate) segments: Segments,
    pub(crate) overrides: Vec<Arc<IndividualOverride>>,
}

impl Draft {
    fn from_environment(live: &CachedEnvironment, now: Timestamp) -> Self {
        let flag = |stored: &phasegate_store::models::StoredFlag| {
            (stored.flag.key.clone(), (Arc::clone(&stored.flag), Arc::clone(&stored.state)))
        };
        Self {
            flags: live.flags.iter().map(flag).collect(),
            segments: live.snapshot.segments().clone(),
            // Expired overrides need not be valid.
            overrides: live
                .overrides
                .iter()
                .map(|stored| Arc::clone(&stored.value))
                .filter(|personal| personal.is_active(now))
                .collect(),
        }
    }
}

/// Validates a change against every environment of the project without saving it.
///
/// # Errors
/// Returns an error that names the first invalid field, after its environment if it is another one.
pub(crate) fn validate_change(
    service: &Service,
    live: &CachedEnvironment,
    change: impl Fn(&CachedEnvironment, &mut Draft),
) -> Result<(), ServiceError> {
    for sibling in service.project_environments(live.environment.project_id) {
        let mut draft = Draft::from_environment(&sibling, service.now());
        change(&sibling, &mut draft);
        let whole = EnvironmentConfig {
            flags: draft
                .flags
                .iter()
                .map(|(key, (flag, state))| (key, (&**flag, &**state)))
                .collect(),
            segments: draft.segments,
            overrides: draft.overrides.iter().map(Arc::as_ref).collect(),
            plan: sibling.snapshot.rollout().map(|rollout| &rollout.plan),
        };
        whole.validate().map_err(|error| match ServiceError::from(error) {
            ServiceError::Invalid(error) if sibling.environment.id != live.environment.id => {
                error.move_to_place(sibling.environment.key.as_str()).into()
            }
            other => other,
        })?;
    }
    Ok(())
}

/// Returns a flag with its first states: on in its environment, off in the others of the project.
pub(crate) fn new_flag(flag: Flag) -> NewFlag {
    let (state, elsewhere) = (FlagState::initial(&flag.key), FlagState::unused(&flag.key));
    NewFlag { flag, state, elsewhere }
}
