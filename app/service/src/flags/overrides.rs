//! Individual overrides: the answer of a flag for one user.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, SubjectKind},
    config::{MAX_OVERRIDES, override_key},
    field_error::{FieldCode, FieldError},
    flags::IndividualOverride,
    ids::{EnvironmentId, FlagKey},
};
use std::sync::Arc;

use phasegate_store::models::{Edit, EnvironmentAuditEntry, Versioned};

use super::save::refuse_pinned_flag;
use crate::{
    CachedEnvironment, ObjectKind, Service, ServiceError, access::Actor,
    audit::audit_document_change,
};

fn audit_override_change(
    service: &Service,
    actor: &Actor,
    before: Option<&IndividualOverride>,
    after: Option<&IndividualOverride>,
) -> AuditEntry {
    let json = |personal: &IndividualOverride| serde_json::to_value(personal).ok();
    let key = before.or(after).map(override_key).unwrap_or_default();
    audit_document_change(
        service,
        actor,
        SubjectKind::Override,
        key,
        before.and_then(json),
        after.and_then(json),
    )
}

/// Returns the overrides of an environment by flag and user, expired ones too.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn list_overrides(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(environment)?.overrides.clone())
}

/// Returns the override of one flag for one user.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or there is none.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn find_override(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    user: &str,
) -> Result<Versioned<Arc<IndividualOverride>>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let found = live.stored_override(flag, user).cloned();
    found.ok_or_else(|| ServiceError::not_found(ObjectKind::Override, format!("{flag}/{user}")))
}

/// Checks an override against its flag, and that no variable of the server pins the answer.
fn validate(live: &CachedEnvironment, personal: &IndividualOverride) -> Result<(), ServiceError> {
    let flag = &live.stored_flag(personal.flag.as_str())?.flag;
    refuse_pinned_flag(live, &flag.key)?;
    if flag.variant(&personal.variant).is_none() {
        let text = format!("{} has no variant {}", flag.key, personal.variant);
        return Err(ServiceError::invalid("variant", FieldCode::Unknown, text));
    }
    personal.validate().map_err(|error| ServiceError::Invalid(error.into()))
}

/// The stored override that a save expects.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Any override, or none.
    Anything,
    /// None, because the override is new.
    Nothing,
    Version(i64),
}

/// Creates or replaces an individual override.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a field is invalid, a variable of the
/// server pins the flag's answer, or the stored override is not the expected one.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_override(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    personal: IndividualOverride,
    expected: Found,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    validate(&live, &personal)?;
    if personal.expires_at.is_some_and(|end| end <= service.now()) {
        return Err(ServiceError::invalid(
            "expires_at",
            FieldCode::Invalid,
            "must lie in the future",
        ));
    }
    let before = live.stored_override(&personal.flag, &personal.targeting_key);
    match (expected, before) {
        (Found::Nothing, Some(_)) => {
            return Err(ServiceError::Exists {
                what: ObjectKind::Override,
                key: override_key(&personal),
            });
        }
        (Found::Version(seen), found) if found.map(|stored| stored.version) != Some(seen) => {
            return Err(ServiceError::Conflict(ObjectKind::Override));
        }
        _ => {}
    }
    if before.is_none() && live.overrides.len() >= MAX_OVERRIDES {
        let text = format!("there are {MAX_OVERRIDES} overrides; delete expired ones first");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let entry =
        audit_override_change(service, actor, before.map(|stored| &*stored.value), Some(&personal));
    let edit = match before {
        Some(before) => Edit::SaveOverride(personal, before.version),
        None => Edit::CreateOverride(personal),
    };
    service
        .apply_edits(
            environment,
            &[edit],
            &[EnvironmentAuditEntry::new(environment, entry)],
            ObjectKind::Override,
        )
        .await
}

/// Deletes an individual override.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, there is none, or another change came
/// first.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_override(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    user: &str,
    seen: Option<i64>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let stored = find_override(service, actor, environment, flag, user)?;
    if seen.is_some_and(|seen| seen != stored.version) {
        return Err(ServiceError::Conflict(ObjectKind::Override));
    }
    let entry = audit_override_change(service, actor, Some(&stored.value), None);
    let edit = Edit::DeleteOverride(flag.clone(), user.to_owned(), stored.version);
    service
        .apply_edits(
            environment,
            &[edit],
            &[EnvironmentAuditEntry::new(environment, entry)],
            ObjectKind::Override,
        )
        .await
}
