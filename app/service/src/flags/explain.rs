//! What a user would get, and why.

use phasegate_domain::{
    context::EvaluationContext,
    flags::{Explanation, explain as explain_one},
    ids::EnvironmentId,
    people::Role,
};

use crate::{Service, ServiceError, access::Actor};

/// Explains all flags of an environment for one context.
///
/// # Errors
/// When the actor may not look, or there is no such environment.
pub fn explain(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    context: &EvaluationContext,
) -> Result<Vec<Explanation>, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let now = service.now();
    let broken = ServiceError::Inconsistent("a flag names a variant that it does not have");
    live.snapshot
        .flags()
        .map(|entry| {
            let (answer, steps) = explain_one(&live.snapshot, entry, context, now)?;
            Some(Explanation {
                flag: entry.flag.key.clone(),
                value: answer.value().clone(),
                variant: answer.variant.name.clone(),
                reason: answer.reason,
                steps,
            })
        })
        .collect::<Option<_>>()
        .ok_or(broken)
}
