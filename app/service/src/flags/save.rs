//! Making, changing and deleting flags.

use phasegate_domain::{
    Timestamp,
    flags::{FlagDocument, FlagState},
    history::SubjectKind,
    ids::{EnvironmentId, FlagKey},
    people::Role,
};
use phasegate_store::models::{Edit, FlagVersion, NewFlag, StoredFlag};
use serde_json::Value;

use crate::{Service, ServiceError, access::Actor, check::check, history::saved};

/// Most flags of a project.
const MAX_FLAGS: usize = 10_000;

/// What a change is made upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// This version, and no other.
    Version(FlagVersion),
}

impl Expected {
    pub(super) fn allows(self, found: FlagVersion) -> Result<(), ServiceError> {
        match self {
            Self::Version(seen) if seen != found => Err(ServiceError::Conflict("the flag")),
            _ => Ok(()),
        }
    }
}

/// A flag as the history keeps it.
pub(crate) fn flag_json(stored: &StoredFlag) -> Option<Value> {
    serde_json::to_value(FlagDocument::new(&stored.flag, &stored.state)).ok()
}

/// A switch that is scheduled for the past would be pressed at once, and nobody means that.
fn refuse_past(document: &FlagDocument, now: Timestamp) -> Result<(), ServiceError> {
    match document.schedule.iter().position(|switch| switch.at <= now) {
        None => Ok(()),
        Some(index) => {
            let text = format!("schedule[{index}].at: must lie in the future");
            Err(ServiceError::Invalid(text))
        }
    }
}

/// Keys that pages have for themselves.
pub(crate) fn refuse_reserved(key: &str) -> Result<(), ServiceError> {
    match key {
        "new" | "." | ".." => {
            Err(ServiceError::Invalid(format!("key: {key:?} is reserved; choose another one")))
        }
        _ => Ok(()),
    }
}

/// Makes a flag; its state is for this environment, elsewhere it begins as all flags do.
///
/// # Errors
/// When the actor may not, a field is wrong, or there is one of that key.
pub async fn create(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    document: FlagDocument,
) -> Result<(), ServiceError> {
    let elsewhere = FlagState::initial(&document.key);
    create_with(service, actor, environment, document, elsewhere).await
}

/// Makes a flag that begins in the other environments as `elsewhere` says.
pub(super) async fn create_with(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    document: FlagDocument,
    elsewhere: FlagState,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    refuse_reserved(document.key.as_str())?;
    refuse_past(&document, service.now())?;
    let _turn = service.begin_edit().await;
    let live = service.environment(environment)?;
    actor.require_shared(&service.siblings(live.environment.project_id))?;
    let key = document.key.clone();
    if live.stored_flag(key.as_str()).is_ok() {
        return Err(ServiceError::Exists { what: "flag", key: key.to_string() });
    }
    if live.flags.len() >= MAX_FLAGS {
        let text = format!("there are {MAX_FLAGS} flags; delete archived ones first");
        return Err(ServiceError::Invalid(text));
    }
    let after = serde_json::to_value(&document).ok();
    let (flag, state) = document.into_parts(None, 1);
    flag.validate()?;
    state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
    let entry = saved(service, actor, SubjectKind::Flag, key.as_str(), None, after);
    service
        .edit(
            environment,
            &[Edit::CreateFlag(Box::new(NewFlag { flag, state, elsewhere }))],
            &[entry],
            "the flag",
        )
        .await
}

/// Puts a document in a flag's place.
///
/// # Errors
/// When the actor may not, there is no such flag, a field is wrong, something else needs what
/// would be gone, or the flag is not as expected any more.
pub async fn replace(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    document: FlagDocument,
    expected: Expected,
) -> Result<(), ServiceError> {
    let key = document.key.clone();
    change(service, actor, environment, &key, expected, |flag| {
        *flag = document;
        Ok(())
    })
    .await
}

/// Changes a flag as a function says. One that changes nothing leaves no line in the history.
///
/// # Errors
/// As [`replace`], or what the function says.
pub async fn change(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    expected: Expected,
    change: impl FnOnce(&mut FlagDocument) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let live = service.environment(environment)?;
    let stored = live.stored_flag(key.as_str())?;
    expected.allows(stored.version())?;
    let before = FlagDocument::new(&stored.flag, &stored.state);
    let mut after = before.clone();
    // What was scheduled for the past has come to pass, also if nobody has written it down yet.
    let now = service.now();
    after.enabled = stored.state.is_enabled(now);
    after.schedule.retain(|switch| switch.at > now);
    change(&mut after)?;
    refuse_past(&after, now)?;
    if after.key != before.key || after.kind != before.kind {
        let text =
            "key and kind of a flag never change, because apps rely on them; make a new flag";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    if after == before {
        return Ok(());
    }
    let (was, is) = (flag_json(stored), serde_json::to_value(&after).ok());
    let entry = saved(service, actor, SubjectKind::Flag, key.as_str(), was, is);
    let version = stored.state.version + 1;
    let (flag, state) = after.into_parts(Some(&stored.state.salt), version);
    flag.validate()?;
    state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
    check(service, &live, |sibling, draft| {
        let is_here = sibling.environment.id == environment;
        draft.flags.entry(key.clone()).and_modify(|(known, known_state)| {
            *known = flag.clone();
            if is_here {
                *known_state = state.clone();
            }
        });
    })?;
    let mut edits = Vec::new();
    if flag != stored.flag {
        actor.require_shared(&service.siblings(live.environment.project_id))?;
        edits.push(Edit::SaveDefinition(flag, stored.definition_version));
    }
    // Also where only the definition has changed: whoever saw the flag saw both.
    edits.push(Edit::SaveState(key.clone(), state));
    service.edit(environment, &edits, &[entry], "the flag").await
}

/// Deletes a flag in all environments. The history keeps it, and [`super::restore`] brings it back.
///
/// # Errors
/// As [`replace`].
pub async fn delete(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    expected: Expected,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let live = service.environment(environment)?;
    actor.require_shared(&service.siblings(live.environment.project_id))?;
    let stored = live.stored_flag(key.as_str())?;
    expected.allows(stored.version())?;
    check(service, &live, |_, draft| {
        draft.flags.remove(key);
        draft.overrides.retain(|personal| personal.flag != *key);
    })
    .map_err(|error| match error {
        ServiceError::Invalid(text) => {
            ServiceError::InUse(format!("{key} is still needed: {text}"))
        }
        other => other,
    })?;
    let was = flag_json(stored);
    let entry = saved(service, actor, SubjectKind::Flag, key.as_str(), was, None);
    let edits = [Edit::DeleteFlag(key.clone(), stored.definition_version)];
    service.edit(environment, &edits, &[entry], "the flag").await
}

/// Reads a flag from JSON.
///
/// # Errors
/// Names the field that is wrong, and what it needs.
pub fn read_document(json: Value) -> Result<FlagDocument, ServiceError> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        let text = if path == "." { text } else { format!("{path}: {text}") };
        ServiceError::Invalid(text)
    })
}

/// Whether a flag could be saved as it is, as far as its own environment is concerned.
///
/// # Errors
/// Names the first field that is wrong.
pub fn check_document(
    service: &Service,
    environment: EnvironmentId,
    document: &FlagDocument,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let (flag, state) = document.clone().into_parts(None, 1);
    flag.validate()?;
    state.validate(&flag, &live.snapshot.known_flags(), live.snapshot.segments())?;
    Ok(())
}
