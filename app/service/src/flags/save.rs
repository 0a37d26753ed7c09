//! Creating, changing and deleting flags.

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    field_error::{FieldCode, FieldError},
    flags::{Flag, FlagDocument, FlagState},
    ids::{EnvironmentId, FlagKey},
    words::serde_field_error,
};
use std::{collections::BTreeSet, sync::Arc};

use phasegate_store::models::{Edit, FlagVersion, NewFlag};
use serde_json::Value;

use crate::{
    CachedEnvironment, InUse, ObjectKind, Service, ServiceError, access::Actor,
    audit::audit_flag_change, check::validate_change,
};

/// The version that a change is based on.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Any,
    /// This version, and no other.
    Version(FlagVersion),
}

impl Expected {
    pub(super) fn check_version(self, found: FlagVersion) -> Result<(), ServiceError> {
        match self {
            Self::Version(seen) if seen != found => Err(ServiceError::Conflict(ObjectKind::Flag)),
            _ => Ok(()),
        }
    }
}

/// Refuses switches scheduled for the past: they would take effect at once, which is never meant.
fn refuse_past_switches(document: &FlagDocument, now: Timestamp) -> Result<(), ServiceError> {
    match document.schedule.iter().position(|switch| switch.at <= now) {
        None => Ok(()),
        Some(index) => {
            let field = format!("schedule[{index}].at");
            Err(ServiceError::invalid(field, FieldCode::Invalid, "must lie in the future"))
        }
    }
}

/// Refuses a change of a flag whose answer a variable of the server pins: it would have no effect.
pub(super) fn refuse_pinned_flag(
    live: &CachedEnvironment,
    key: &FlagKey,
) -> Result<(), ServiceError> {
    let entry = live.snapshot.flag(key.as_str());
    match entry.and_then(|entry| entry.environment_override.as_ref()) {
        None => Ok(()),
        Some(pinned) => {
            let (variable, variant) = (pinned.variable.clone(), pinned.variant.clone());
            Err(InUse::PinnedFlag { flag: key.clone(), variable, variant }.into())
        }
    }
}

/// Returns whether a change only disables or kills the flag; its schedule may change, too. That
/// must always be possible, even if the flag is otherwise invalid.
fn only_stops(before: &FlagDocument, after: &FlagDocument) -> bool {
    let stopped = FlagDocument {
        enabled: after.enabled,
        killed: after.killed,
        schedule: after.schedule.clone(),
        ..before.clone()
    };
    stopped == *after && (!after.enabled || after.killed)
}

/// Returns the names of the fields in which two definitions of a flag differ, separated by commas.
fn changed_fields(before: &Flag, after: &Flag) -> String {
    let json = |flag: &Flag| serde_json::to_value(flag).unwrap_or_default();
    let (before, after) = (json(before), json(after));
    let names = [&before, &after].into_iter().filter_map(Value::as_object);
    let names: BTreeSet<&String> = names.flat_map(serde_json::Map::keys).collect();
    let is_changed = |name: &&String| before.get(*name) != after.get(*name);
    names.into_iter().filter(is_changed).cloned().collect::<Vec<_>>().join(", ")
}

/// Creates a flag. Its state applies to this environment; in the others the flag begins off.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a field is invalid, or there is a flag of
/// that key.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    document: FlagDocument,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    refuse_past_switches(&document, service.now())?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    actor.require_shared("flags")?;
    let key = document.key.clone();
    if live.stored_flag(key.as_str()).is_ok() {
        return Err(ServiceError::Exists { what: ObjectKind::Flag, key: key.to_string() });
    }
    let elsewhere = FlagState::unused(&key);
    let (flag, state) = document.into_parts(None, 1);
    flag.validate()?;
    state.check_values()?;
    state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
    let state_in = |sibling: &CachedEnvironment| {
        if sibling.environment.id == environment { &state } else { &elsewhere }
    };
    validate_change(service, &live, |sibling, draft| {
        let new = (Arc::new(flag.clone()), Arc::new(state_in(sibling).clone()));
        draft.flags.insert(key.clone(), new);
    })?;
    let entries = audit_flag_change(service, actor, &live, &key, |sibling| {
        Some(FlagDocument::new(&flag, state_in(sibling)))
    });
    let new = NewFlag { flag: flag.clone(), state: state.clone(), elsewhere: elsewhere.clone() };
    let edits = [Edit::CreateFlag(Box::new(new))];
    service.apply_edits(environment, &edits, &entries, ObjectKind::Flag).await
}

/// Replaces a flag with a document. A document cannot kill or revive the flag, because it may be
/// older than an emergency.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, the flag does not exist or is not at the
/// expected version, a field is invalid, or the rest of the configuration forbids the change.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn replace_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    document: FlagDocument,
    expected: Expected,
) -> Result<(), ServiceError> {
    let key = document.key.clone();
    change_flag(service, actor, environment, &key, expected, |flag| {
        if document.killed != flag.killed {
            let act = if document.killed { "kill" } else { "revive" };
            let text = format!("cannot be changed by a document; use the action {act}");
            return Err(ServiceError::invalid("killed", FieldCode::Unchangeable, text));
        }
        *flag = document.clone();
        Ok(())
    })
    .await
}

/// Attempts of a change with [`Expected::Any`] while another process writes at the same time.
const ATTEMPTS: usize = 20;

/// Changes a flag with a function. With [`Expected::Any`], it retries if another process wrote
/// first. A change without effect has no audit entry.
///
/// # Errors
/// Returns the errors of [`replace_flag`] and of the function.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn change_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    expected: Expected,
    change: impl Fn(&mut FlagDocument) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    for _ in 1..ATTEMPTS {
        // A conflict reloads the newest state.
        match try_change_flag(service, actor, environment, key, expected, &change).await {
            Err(ServiceError::Conflict(_)) if expected == Expected::Any => {}
            done => return done,
        }
    }
    try_change_flag(service, actor, environment, key, expected, &change).await
}

async fn try_change_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    expected: Expected,
    change: &impl Fn(&mut FlagDocument) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let stored = live.stored_flag(key.as_str())?;
    expected.check_version(stored.version())?;
    let before = FlagDocument::new(&stored.flag, &stored.state);
    let mut after = before.clone();
    // Due switches have taken effect, even if the job has not recorded them yet.
    let now = service.now();
    after.enabled = stored.state.is_enabled(now);
    after.schedule.retain(|switch| switch.at > now);
    change(&mut after)?;
    refuse_past_switches(&after, now)?;
    if after.key != before.key || after.kind != before.kind {
        let field = if after.key == before.key { "kind" } else { "key" };
        let text = "cannot be changed, because apps rely on it; create a new flag";
        return Err(FieldError::new(field, FieldCode::Unchangeable, text).into());
    }
    if after == before {
        return Ok(());
    }
    let settled = stored.state.is_enabled(now);
    if after.enabled != settled || after.killed != before.killed {
        refuse_pinned_flag(&live, key)?;
    }
    let stops = only_stops(&before, &after);
    let version = stored.state.version + 1;
    let (flag, state) = after.into_parts(Some((&stored.flag, &stored.state)), version);
    let state_in = |sibling: &CachedEnvironment| {
        if sibling.environment.id == environment {
            return Some(state.clone());
        }
        Some(FlagState::clone(&sibling.stored_flag(key.as_str()).ok()?.state))
    };
    if !stops {
        flag.validate()?;
        if state.rules != stored.state.rules {
            state.check_values()?;
        }
        // An archived flag is checked when it is brought back.
        if !flag.archived {
            state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
        }
        validate_change(service, &live, |sibling, draft| {
            draft.flags.entry(key.clone()).and_modify(|(known, known_state)| {
                *known = Arc::new(flag.clone());
                if let Some(state) = state_in(sibling) {
                    *known_state = Arc::new(state);
                }
            });
        })?;
    }
    let entries = audit_flag_change(service, actor, &live, key, |sibling| {
        Some(FlagDocument::new(&flag, &state_in(sibling)?))
    });
    let mut edits = Vec::new();
    if flag != *stored.flag {
        actor.require_shared(&changed_fields(&stored.flag, &flag))?;
        edits.push(Edit::SaveDefinition(flag.clone(), stored.definition_version));
    }
    // Saved even if only the definition has changed, because callers see the version of both.
    edits.push(Edit::SaveState(key.clone(), state.clone()));
    service.apply_edits(environment, &edits, &entries, ObjectKind::Flag).await
}

/// Deletes a flag in all environments. [`super::restore_flag`] can restore it from the audit log.
///
/// # Errors
/// Returns the errors of [`replace_flag`].
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    expected: Expected,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    actor.require_shared("flags")?;
    let stored = live.stored_flag(key.as_str())?;
    expected.check_version(stored.version())?;
    validate_change(service, &live, |_, draft| {
        draft.flags.remove(key);
        draft.overrides.retain(|personal| personal.flag != *key);
    })
    .map_err(|error| match error {
        ServiceError::Invalid(error) => InUse::NeededFlag { flag: key.clone(), error }.into(),
        other => other,
    })?;
    refuse_pinned_flag(&live, key)?;
    let entries = audit_flag_change(service, actor, &live, key, |_| None);
    let edits = [Edit::DeleteFlag(key.clone(), stored.definition_version)];
    service.apply_edits(environment, &edits, &entries, ObjectKind::Flag).await
}

/// Reads the JSON document that replaces a flag. Without the field `killed` the kill switch stays: only
/// an explicit field or the action `revive` ends an emergency.
///
/// # Errors
/// Returns the errors of [`read_document`].
pub fn read_replacement(json: Value, is_killed: bool) -> Result<FlagDocument, ServiceError> {
    let keeps_kill = json.get("killed").is_none();
    let mut document = read_document(json)?;
    document.killed |= keeps_kill && is_killed;
    Ok(document)
}

/// Reads a flag document from JSON.
///
/// # Errors
/// Returns an error that names the invalid field and the reason.
pub fn read_document(json: Value) -> Result<FlagDocument, ServiceError> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        serde_field_error(&error.path().to_string(), &error.inner().to_string()).into()
    })
}

/// Validates a flag document against its own environment without saving it.
///
/// # Errors
/// Returns an error that names the first invalid field.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn check_document(
    service: &Service,
    environment: EnvironmentId,
    document: &FlagDocument,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let (flag, state) = document.clone().into_parts(None, 1);
    flag.validate()?;
    state.check_values()?;
    state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
    Ok(())
}
