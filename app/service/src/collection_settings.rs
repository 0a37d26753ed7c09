//! Collection settings: which telemetry the pages of an environment report.

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    config::{CollectionSettings, Switch},
    field_error::FieldCode,
    ids::EnvironmentId,
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry, Versioned};

use crate::{
    CachedEnvironment, ObjectKind, Service, ServiceError, access::Actor,
    audit::audit_document_change,
};

/// Returns the settings in effect: the stored ones, except for switches that a variable of the
/// server pins.
#[must_use]
pub fn resolve_collection_settings(
    service: &Service,
    live: &CachedEnvironment,
) -> CollectionSettings {
    let mut collection_settings = live.environment.collection_settings.value;
    for switch in Switch::ALL {
        if let Some((_, is_on)) = find_pinned_switch(service, switch) {
            collection_settings = collection_settings.with_switch(switch, is_on);
        }
    }
    collection_settings
}

/// Returns the variable that pins a switch, and the position.
#[must_use]
pub fn find_pinned_switch(service: &Service, switch: Switch) -> Option<(&str, bool)> {
    service.config.variables().switch_override(switch)
}

/// Returns the stored settings, with the version that a change must name.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_collection_settings(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Versioned<CollectionSettings>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(environment)?.environment.collection_settings.clone())
}

/// Saves the settings. Open pages are notified at once.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a variable pins a switch that would
/// change, or another change came first.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_collection_settings(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    after: Versioned<CollectionSettings>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    let before = live.environment.collection_settings.value;
    for switch in Switch::ALL {
        let is_on = after.value.is_on(switch);
        if let Some((variable, pinned)) = find_pinned_switch(service, switch)
            && is_on != before.is_on(switch)
        {
            let (name, pinned) = (switch.as_str(), if pinned { "on" } else { "off" });
            let text = format!("the server's variable {variable} pins it {pinned}");
            return Err(ServiceError::invalid(name, FieldCode::Pinned, text));
        }
    }
    let is = |collection_settings: CollectionSettings| {
        Some(serde_json::json!({"collection_settings": collection_settings}))
    };
    let key = live.environment.key.as_str();
    let kind = SubjectKind::Environment;
    let entry = audit_document_change(service, actor, kind, key, is(before), is(after.value));
    let edits = [Edit::SaveCollectionSettings(after.value, after.version)];
    let entries = [EnvironmentAuditEntry::new(environment, entry)];
    service.apply_edits(environment, &edits, &entries, ObjectKind::CollectionSettings).await
}
