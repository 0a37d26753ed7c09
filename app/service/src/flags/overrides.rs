//! Personal overrides.

use phasegate_domain::{
    files::override_key,
    flags::{MAX_TARGETING_KEY_BYTES, PersonalOverride},
    history::{HistoryEntry, SubjectKind},
    ids::{EnvironmentId, FlagKey},
    people::Role,
};
use phasegate_store::models::{Edit, Versioned};

use crate::{LiveEnvironment, Service, ServiceError, access::Actor, history::saved};

/// Most overrides of an environment.
pub const MAX_OVERRIDES: usize = 10_000;

/// Longest note, in bytes.
const MAX_NOTE_BYTES: usize = 500;

fn line(
    service: &Service,
    actor: &Actor,
    before: Option<&PersonalOverride>,
    after: Option<&PersonalOverride>,
) -> HistoryEntry {
    let json = |personal: &PersonalOverride| serde_json::to_value(personal).ok();
    let key = before.or(after).map(override_key).unwrap_or_default();
    saved(service, actor, SubjectKind::Override, key, before.and_then(json), after.and_then(json))
}

/// An environment's overrides, by flag and user; expired ones too.
///
/// # Errors
/// When the actor may not look, or there is no such environment.
pub fn overrides(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<Versioned<PersonalOverride>>, ServiceError> {
    actor.require(Role::Viewer)?;
    Ok(service.environment(environment)?.overrides.clone())
}

/// One user's override of one flag.
///
/// # Errors
/// When the actor may not look, or there is none.
pub fn override_of(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    user: &str,
) -> Result<Versioned<PersonalOverride>, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let found = live.stored_override(flag, user).cloned();
    found.ok_or_else(|| ServiceError::not_found("override", format!("{flag}/{user}")))
}

fn validate(live: &LiveEnvironment, personal: &PersonalOverride) -> Result<(), ServiceError> {
    let invalid = |text: String| Err(ServiceError::Invalid(text));
    let flag = &live.stored_flag(personal.flag.as_str())?.flag;
    if flag.variant(&personal.variant).is_none() {
        return invalid(format!("variant: {} has no variant {}", flag.key, personal.variant));
    }
    let length = personal.targeting_key.len();
    if length == 0 || length > MAX_TARGETING_KEY_BYTES {
        return invalid(format!("targeting_key: must have 1 to {MAX_TARGETING_KEY_BYTES} bytes"));
    }
    if personal.note.len() > MAX_NOTE_BYTES {
        return invalid(format!("note: must have at most {MAX_NOTE_BYTES} bytes"));
    }
    Ok(())
}

/// Gives a user an answer of their own, or another one. `seen` is the version that the actor
/// saw, `None` to save whatever is there.
///
/// # Errors
/// When the actor may not, a field is wrong, or somebody else was first.
pub async fn save_override(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    personal: PersonalOverride,
    seen: Option<i64>,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let live = service.environment(environment)?;
    validate(&live, &personal)?;
    if personal.expires_at.is_some_and(|end| end <= service.now()) {
        return Err(ServiceError::Invalid("expires_at: must lie in the future".to_owned()));
    }
    let before = live.stored_override(&personal.flag, &personal.targeting_key);
    if seen.is_some() && seen != before.map(|stored| stored.version) {
        return Err(ServiceError::Conflict("the override"));
    }
    if before.is_none() && live.overrides.len() >= MAX_OVERRIDES {
        let text = format!("there are {MAX_OVERRIDES} overrides; delete expired ones first");
        return Err(ServiceError::Invalid(text));
    }
    let entry = line(service, actor, before.map(|stored| &stored.value), Some(&personal));
    let edit = match before {
        Some(before) => Edit::SaveOverride(personal, before.version),
        None => Edit::CreateOverride(personal),
    };
    service.edit(environment, &[edit], &[entry], "the override").await
}

/// Takes a user's own answer away.
///
/// # Errors
/// When the actor may not, there is none, or somebody else was first.
pub async fn delete_override(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    user: &str,
    seen: Option<i64>,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let stored = override_of(service, actor, environment, flag, user)?;
    if seen.is_some_and(|seen| seen != stored.version) {
        return Err(ServiceError::Conflict("the override"));
    }
    let entry = line(service, actor, Some(&stored.value), None);
    let edit = Edit::DeleteOverride(flag.clone(), user.to_owned(), stored.version);
    service.edit(environment, &[edit], &[entry], "the override").await
}
