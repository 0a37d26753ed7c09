//! Server tokens, which are secret, have scopes and are shown once.

use phasegate_domain::{
    accounts::{Reach, Role, Scope},
    audit::{AuditEntry, SubjectKind},
    field_error::{FieldCode, FieldError},
    ids::{EnvironmentId, TokenId},
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry, ServerToken};
use serde_json::json;

use crate::{
    ObjectKind, Service, ServiceError, access::Actor, audit::audit_document_change, secrets,
};

/// The maximum number of tokens of an environment.
const MAX_TOKENS: usize = 1_000;

/// The maximum length of a name, in characters.
pub(super) const MAX_NAME_CHARS: usize = 100;

/// The fields of a token that can be edited.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFields {
    /// Its name in the audit log.
    pub name: String,
    pub scopes: Vec<Scope>,
    pub reach: Reach,
}

/// A token that was just created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The token without its secret.
    pub token: ServerToken,
    /// The secret, which cannot be read again later.
    pub secret: String,
}

pub(super) fn check_name(name: &str) -> Result<String, ServiceError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        let text = format!("say in 1 to {MAX_NAME_CHARS} characters what it is for");
        let code = if name.is_empty() { FieldCode::Missing } else { FieldCode::TooLong };
        return Err(ServiceError::invalid("name", code, text));
    }
    Ok(name.to_owned())
}

fn check_token_fields(fields: &TokenFields) -> Result<TokenFields, ServiceError> {
    let mut scopes = fields.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(ServiceError::invalid("scopes", FieldCode::Missing, "choose at least one"));
    }
    Ok(TokenFields { name: check_name(&fields.name)?, scopes, reach: fields.reach })
}

fn token_audit_entry(
    service: &Service,
    actor: &Actor,
    before: Option<&ServerToken>,
    after: Option<&ServerToken>,
) -> AuditEntry {
    let json = |token: &ServerToken| json!({"name": token.name, "scopes": token.scopes, "reach": token.reach});
    let key = before.or(after).map(|token| token.name.clone()).unwrap_or_default();
    audit_document_change(
        service,
        actor,
        SubjectKind::Token,
        key,
        before.map(json),
        after.map(json),
    )
}

/// Refuses changes to tokens of the whole project by tokens of one environment.
fn require_reach(actor: &Actor, reach: Reach) -> Result<(), ServiceError> {
    match reach {
        Reach::Environment => Ok(()),
        Reach::Project => actor.require_shared("tokens of the whole project"),
    }
}

/// Reads an environment's tokens, oldest first.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_tokens(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<ServerToken>, ServiceError> {
    actor.require_role(Role::Admin)?;
    let mut tokens = service.stores.state.read_server_tokens().await?;
    tokens.retain(|token| token.environment == environment);
    for token in &mut tokens {
        token.last_used_at = token.last_used_at.max(service.token_uses.last_use(token.id));
    }
    Ok(tokens)
}

/// Reads one server token of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, no token has this id, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_token(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: TokenId,
) -> Result<ServerToken, ServiceError> {
    let all = list_tokens(service, actor, environment).await?;
    let found = all.into_iter().find(|token| token.id == id);
    found.ok_or_else(|| ServiceError::not_found(ObjectKind::Token, id.0.to_string()))
}

/// Creates a token from the randomness in `seed`.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or the reach of the new token, a field is
/// invalid, there are too many tokens, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_token(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    fields: &TokenFields,
    seed: &secrets::Seed,
) -> Result<NewToken, ServiceError> {
    let known = list_tokens(service, actor, environment).await?;
    let fields = check_token_fields(fields)?;
    require_reach(actor, fields.reach)?;
    if known.len() >= MAX_TOKENS {
        let text = format!("there are {MAX_TOKENS} tokens; delete one first");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let secret = secrets::random_text("pgs_", seed, 32);
    let token = ServerToken {
        id: TokenId(0),
        digest: secrets::hash_secret(secret.as_bytes()),
        environment,
        name: fields.name,
        scopes: fields.scopes,
        reach: fields.reach,
        created_at: service.now(),
        created_by: actor.name().0,
        owner: actor.owner().to_owned(),
        last_used_at: None,
        version: 1,
    };
    let entry = token_audit_entry(service, actor, None, Some(&token));
    let edits = [Edit::CreateToken(token.clone())];
    service
        .apply_edits(
            environment,
            &edits,
            &[EnvironmentAuditEntry::new(environment, entry)],
            ObjectKind::Token,
        )
        .await?;
    let stored = list_tokens(service, actor, environment).await?;
    let token = stored.into_iter().find(|stored| stored.digest == token.digest).unwrap_or(token);
    Ok(NewToken { token, secret })
}

/// Changes the name, scopes and reach of a token, if it still has the version of `seen`.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or the reach of the token, a field is
/// invalid, another change came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = seen.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_token(
    service: &Service,
    actor: &Actor,
    seen: &ServerToken,
    fields: &TokenFields,
) -> Result<ServerToken, ServiceError> {
    actor.require_role(Role::Admin)?;
    let TokenFields { name, scopes, reach } = check_token_fields(fields)?;
    require_reach(actor, seen.reach)?;
    require_reach(actor, reach)?;
    let after = ServerToken { name, scopes, reach, ..seen.clone() };
    let entry = token_audit_entry(service, actor, Some(seen), Some(&after));
    let edits = [Edit::SaveToken(after.clone())];
    service
        .apply_edits(
            seen.environment,
            &edits,
            &[EnvironmentAuditEntry::new(seen.environment, entry)],
            ObjectKind::Token,
        )
        .await?;
    read_token(service, actor, after.environment, after.id).await
}

/// Deletes a token with immediate effect.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or the reach of the token, another change
/// came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = seen.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_token(
    service: &Service,
    actor: &Actor,
    seen: &ServerToken,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Admin)?;
    require_reach(actor, seen.reach)?;
    let entry = token_audit_entry(service, actor, Some(seen), None);
    let edits = [Edit::DeleteToken(seen.id, seen.version)];
    service
        .apply_edits(
            seen.environment,
            &edits,
            &[EnvironmentAuditEntry::new(seen.environment, entry)],
            ObjectKind::Token,
        )
        .await
}
