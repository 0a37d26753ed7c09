//! Client keys, which are public and may be limited to pages of some origins.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, SubjectKind},
    field_error::{FieldCode, FieldError},
    ids::EnvironmentId,
};
use phasegate_store::models::{ClientKey, Edit, EnvironmentAuditEntry};
use serde_json::json;

use super::server_tokens::check_name;
use crate::{
    ObjectKind, Service, ServiceError, access::Actor, audit::audit_document_change, secrets,
};

/// The maximum number of keys of an environment, and of origins of a key.
const MAX_KEYS: usize = 100;

/// The fields of a client key that can be edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKeyFields {
    /// The name that pages show.
    pub name: String,
    /// The origins whose pages may use it; any if empty.
    pub allowed_origins: Vec<String>,
}

fn check_client_key_fields(fields: &ClientKeyFields) -> Result<ClientKeyFields, ServiceError> {
    if fields.allowed_origins.len() > MAX_KEYS {
        let text = format!("at most {MAX_KEYS} are allowed");
        return Err(ServiceError::invalid("allowed_origins", FieldCode::TooMany, text));
    }
    let origin = |(index, origin): (usize, &String)| {
        let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
        // Browsers leave out the default port.
        let origin = match origin.strip_prefix("https://") {
            Some(_) => origin.trim_end_matches(":443").to_owned(),
            None => origin.trim_end_matches(":80").to_owned(),
        };
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_origin = host.is_some_and(|host| {
            let is_sign =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
            !host.is_empty() && host.len() < 260 && host.chars().all(is_sign)
        });
        is_origin.then_some(origin.clone()).ok_or_else(|| {
            let text = "must be an origin such as https://shop.example, without a path";
            let field = format!("allowed_origins[{index}]");
            ServiceError::invalid(field, FieldCode::Invalid, format!("{text}, not {origin:?}"))
        })
    };
    let origins = fields.allowed_origins.iter().enumerate();
    let allowed_origins = origins.map(origin).collect::<Result<_, _>>()?;
    Ok(ClientKeyFields { name: check_name(&fields.name)?, allowed_origins })
}

fn client_key_audit_entry(
    service: &Service,
    actor: &Actor,
    before: Option<&ClientKey>,
    after: Option<&ClientKey>,
) -> AuditEntry {
    let json = |key: &ClientKey| json!({"key": key.key, "name": key.name, "allowed_origins": key.allowed_origins});
    let key = before.or(after).map(|key| key.name.clone()).unwrap_or_default();
    audit_document_change(
        service,
        actor,
        SubjectKind::ClientKey,
        key,
        before.map(json),
        after.map(json),
    )
}

/// Reads an environment's client keys, oldest first.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_client_keys(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<ClientKey>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let mut keys = service.stores.state.read_client_keys().await?;
    keys.retain(|key| key.environment == environment);
    Ok(keys)
}

/// Reads one client key of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, the key does not exist, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_client_key(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &str,
) -> Result<ClientKey, ServiceError> {
    let all = list_client_keys(service, actor, environment).await?;
    let found = all.into_iter().find(|known| known.key == key);
    found.ok_or_else(|| ServiceError::not_found(ObjectKind::ClientKey, key))
}

/// Creates a client key from the randomness in `seed`.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, a field is invalid, there are too many keys,
/// or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_client_key(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    fields: &ClientKeyFields,
    seed: &secrets::Seed,
) -> Result<ClientKey, ServiceError> {
    actor.require_role(Role::Admin)?;
    let ClientKeyFields { name, allowed_origins } = check_client_key_fields(fields)?;
    if list_client_keys(service, actor, environment).await?.len() >= MAX_KEYS {
        let text = format!("there are {MAX_KEYS} keys; delete one first");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let key = secrets::random_text("pk_", seed, 24);
    let created_at = service.now();
    let key = ClientKey { key, environment, name, allowed_origins, created_at, version: 1 };
    let entry = client_key_audit_entry(service, actor, None, Some(&key));
    let edits = [Edit::CreateClientKey(key.clone())];
    service
        .apply_edits(
            environment,
            &edits,
            &[EnvironmentAuditEntry::new(environment, entry)],
            ObjectKind::ClientKey,
        )
        .await?;
    Ok(key)
}

/// Changes the name and origins of a client key, if it still has the version of `seen`.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, a field is invalid, another change came
/// first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = seen.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_client_key(
    service: &Service,
    actor: &Actor,
    seen: &ClientKey,
    fields: &ClientKeyFields,
) -> Result<ClientKey, ServiceError> {
    actor.require_role(Role::Admin)?;
    let ClientKeyFields { name, allowed_origins } = check_client_key_fields(fields)?;
    let after = ClientKey { name, allowed_origins, ..seen.clone() };
    let entry = client_key_audit_entry(service, actor, Some(seen), Some(&after));
    let edits = [Edit::SaveClientKey(after.clone())];
    service
        .apply_edits(
            seen.environment,
            &edits,
            &[EnvironmentAuditEntry::new(seen.environment, entry)],
            ObjectKind::ClientKey,
        )
        .await?;
    read_client_key(service, actor, after.environment, &after.key).await
}

/// Deletes a client key. Requests of pages that still use it are rejected at once.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, another change came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = seen.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_client_key(
    service: &Service,
    actor: &Actor,
    seen: &ClientKey,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Admin)?;
    let entry = client_key_audit_entry(service, actor, Some(seen), None);
    let edits = [Edit::DeleteClientKey(seen.key.clone(), seen.version)];
    service
        .apply_edits(
            seen.environment,
            &edits,
            &[EnvironmentAuditEntry::new(seen.environment, entry)],
            ObjectKind::ClientKey,
        )
        .await
}
