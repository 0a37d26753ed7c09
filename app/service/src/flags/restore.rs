//! Restores a flag from the audit log.

use phasegate_domain::{
    accounts::Role,
    audit::{Change, SubjectKind},
    field_error::{FieldCode, FieldError},
    flags::FlagDocument,
    ids::{EnvironmentId, FlagKey},
};
use phasegate_store::models::AuditQuery;

use super::save::{Expected, create_flag, replace_flag};
use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// Restores a flag to what it was before an audit entry. That is a change like any other: it is
/// checked, and has an audit entry of its own.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, the entry is no change of that flag, or
/// the restored flag would be invalid.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn restore_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    line: i64,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let query = AuditQuery {
        kind: Some(SubjectKind::Flag),
        subjects: vec![key.to_string()],
        before: Some(line.saturating_add(1)),
        limit: 1,
        ..AuditQuery::default()
    };
    let lines = service.stores.state.read_audit_records(environment, &query).await?;
    let missing = || ServiceError::not_found(ObjectKind::AuditEntry, line.to_string());
    let found = lines.into_iter().find(|found| found.id == line).ok_or_else(missing)?;
    let before = match found.entry.change {
        Change::Saved { before: Some(before), .. } => before,
        Change::FlagSwitched { enabled, .. } => {
            return super::change_flag(service, actor, environment, key, Expected::Any, |flag| {
                flag.enabled = !enabled;
                Ok(())
            })
            .await;
        }
        _ => {
            let text = "there was nothing before this line to go back to; archive the flag instead";
            return Err(FieldError::without_field(FieldCode::Missing, text).into());
        }
    };
    let mut document: FlagDocument = serde_json::from_value(before).map_err(|error| {
        FieldError::without_field(
            FieldCode::Invalid,
            format!("what was kept cannot be used: {error}"),
        )
    })?;
    let now = service.now();
    document.schedule.retain(|switch| switch.at > now);
    let live = service.environment(environment)?;
    match live.stored_flag(key.as_str()) {
        Ok(stored) => {
            // The kill switch has a command of its own, so a restore does not change it.
            document.killed = stored.state.killed;
            let seen = Expected::Version(stored.version());
            replace_flag(service, actor, environment, document, seen).await
        }
        // A deleted flag has lost its state in other environments, so it begins off there.
        Err(_) => create_flag(service, actor, environment, document).await,
    }
}
