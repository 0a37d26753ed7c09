//! One action on many flags.

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    field_error::{FieldCode, FieldError},
    ids::{EnvironmentId, FlagKey},
};

use phasegate_store::models::StoredFlag;

use super::{Expected, change_flag};
use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// The maximum number of flags in one call.
const MAX_FLAGS: usize = 200;

/// What is done to each of many flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkAction {
    /// Switches them on or off in the environment.
    Switch(bool),
    /// Archives them, or brings them back.
    Archive(bool),
    /// Adds a tag to their definitions.
    Tag(String),
    /// Removes a tag from their definitions.
    Untag(String),
}

/// A flag with the version of its state that the caller saw.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFlag {
    pub key: FlagKey,
    pub state: i64,
}

/// What became of each flag.
#[derive(Debug, Default)]
pub struct BulkOutcome {
    /// The flags that were changed, with their versions afterwards.
    pub changed: Vec<SeenFlag>,
    /// The number of flags that were as asked already.
    pub unchanged: usize,
    /// The flags that are not, with the reason.
    pub refused: Vec<(FlagKey, ServiceError)>,
}

/// Applies an action to each flag by itself, so that one that is refused does not hold up the others. A
/// flag that has changed since the caller saw it is refused. Each has its own audit entry.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, no flag is given or too many are, or a tag is
/// missing.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn change_many_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flags: &[SeenFlag],
    action: &BulkAction,
) -> Result<BulkOutcome, ServiceError> {
    actor.require_role(Role::Operator)?;
    if flags.is_empty() || flags.len() > MAX_FLAGS {
        let code = if flags.is_empty() { FieldCode::Missing } else { FieldCode::TooMany };
        let text = format!("choose 1 to {MAX_FLAGS} flags");
        return Err(FieldError::new("flags", code, text).into());
    }
    if let BulkAction::Tag(tag) | BulkAction::Untag(tag) = action
        && tag.trim().is_empty()
    {
        return Err(ServiceError::invalid("tag", FieldCode::Missing, "name the tag"));
    }
    let mut outcome = BulkOutcome::default();
    for SeenFlag { key, state } in flags {
        let live = service.environment(environment)?;
        let expected = match live.stored_flag(key.as_str()) {
            Ok(stored) if is_done(stored, action, service.now()) => {
                outcome.unchanged += 1;
                continue;
            }
            Ok(stored) if stored.state.version == *state => Expected::Version(stored.version()),
            Ok(_) => {
                outcome.refused.push((key.clone(), ServiceError::Conflict(ObjectKind::Flag)));
                continue;
            }
            Err(error) => {
                outcome.refused.push((key.clone(), error));
                continue;
            }
        };
        let changed = change_flag(service, actor, environment, key, expected, |flag| {
            match action {
                BulkAction::Switch(enabled) => flag.enabled = *enabled,
                BulkAction::Archive(archived) => flag.archived = *archived,
                BulkAction::Tag(tag) => flag.tags.push(tag.trim().to_owned()),
                BulkAction::Untag(tag) => flag.tags.retain(|known| known != tag.trim()),
            }
            Ok(())
        });
        match changed.await {
            Ok(()) => {
                let live = service.environment(environment)?;
                let state = live.stored_flag(key.as_str())?.state.version;
                outcome.changed.push(SeenFlag { key: key.clone(), state });
            }
            Err(error) => {
                // What was changed before is reported; the rest would fail, too.
                let is_internal = error.is_internal();
                outcome.refused.push((key.clone(), error));
                if is_internal {
                    break;
                }
            }
        }
    }
    Ok(outcome)
}

/// Whether a flag is as asked already.
fn is_done(stored: &StoredFlag, action: &BulkAction, now: Timestamp) -> bool {
    let has_tag = |tag: &str| stored.flag.tags.iter().any(|known| known == tag.trim());
    match action {
        BulkAction::Switch(enabled) => stored.state.is_enabled(now) == *enabled,
        BulkAction::Archive(archived) => stored.flag.archived == *archived,
        BulkAction::Tag(tag) => has_tag(tag),
        BulkAction::Untag(tag) => !has_tag(tag),
    }
}
