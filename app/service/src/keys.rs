//! Authorises apps and API clients by client key or server token.

use phasegate_domain::{
    accounts::{Reach, Role, Scope},
    ids::EnvironmentId,
};

use crate::{Service, ServiceError, access::Actor, secrets};

/// An app that was authorised by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// The environment that the key belongs to.
    pub environment: EnvironmentId,
}

/// The operation that an app asks for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Evaluate,
    Ingest,
}

/// The reason why a key is rejected.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "a client key or server token is needed: send it as \"Authorization: Bearer …\" or \"X-API-Key: …\""
    )]
    Missing,
    #[error(
        "this client key or server token is not known here; compare it with the one in the admin"
    )]
    Unknown,
    /// The token lacks a scope, or the key is of the wrong kind.
    #[error("this {0}; make one for it in the admin, under Settings")]
    WrongScope(&'static str),
    /// The key is limited to pages of other origins.
    #[error(
        "pages of {0} may not use this client key; add the origin to the key in the admin, under Settings"
    )]
    WrongOrigin(String),
}

/// Looks up a key in memory. `origin` is the origin of the page as the browser reports it; programs
/// send none, and the list of allowed origins does not apply to them.
///
/// # Errors
/// Returns an error if the key is missing, unknown, limited to other origins, or lacks the scope.
pub fn authorise_app(
    service: &Service,
    key: Option<&str>,
    origin: Option<&str>,
    purpose: Purpose,
) -> Result<App, KeyError> {
    let key = key.ok_or(KeyError::Missing)?;
    let directory = service.config.directory();
    if let Some(client) = directory.client_keys.get(key) {
        let allowed = &client.allowed_origins;
        return match origin {
            Some(origin) if !allowed.is_empty() && !allowed.iter().any(|known| known == origin) => {
                Err(KeyError::WrongOrigin(origin.to_owned()))
            }
            _ => Ok(App { environment: client.environment }),
        };
    }
    let digest = secrets::hash_secret(key.as_bytes());
    let token = directory.tokens.get(&digest).ok_or(KeyError::Unknown)?;
    let needed = match purpose {
        Purpose::Evaluate => Scope::Evaluate,
        Purpose::Ingest => Scope::Ingest,
    };
    if !token.scopes.contains(&needed) && !token.scopes.contains(&Scope::Admin) {
        return Err(KeyError::WrongScope("server token lacks the scope for this"));
    }
    service.token_uses.record_use(token.id, service.now());
    Ok(App { environment: token.environment })
}

/// Returns a name for a key that is safe to show: the first 8 bytes of its digest in hexadecimal.
#[must_use]
pub fn short_key_name(key: &str) -> String {
    secrets::hex_prefix(&secrets::hash_secret(key.as_bytes()).0, 8)
}

/// Returns whether a key with this name still exists.
#[must_use]
pub fn is_known(service: &Service, name: &str) -> bool {
    let directory = service.config.directory();
    directory.client_keys.keys().any(|key| short_key_name(key) == name)
        || directory.tokens.keys().any(|digest| secrets::hex_prefix(&digest.0, 8) == name)
}

/// A program that calls the API with a server token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCaller {
    /// The environment that the token was created in.
    pub environment: EnvironmentId,
    /// Whether the token is valid there only or in all environments of the project.
    pub reach: Reach,
    /// The actor for permission checks and the audit log.
    pub actor: Actor,
}

impl ApiCaller {
    /// Requires that the token is valid in an environment.
    ///
    /// # Errors
    /// Returns [`ServiceError::OtherEnvironment`], or an error if an environment does not exist.
    pub fn require_environment(
        &self,
        service: &Service,
        environment: EnvironmentId,
    ) -> Result<(), ServiceError> {
        let project = |id| Ok::<_, ServiceError>(service.environment(id)?.environment.project_id);
        let is_reached = environment == self.environment
            || (self.reach == Reach::Project
                && project(self.environment)? == project(environment)?);
        if is_reached { Ok(()) } else { Err(ServiceError::OtherEnvironment) }
    }

    /// Requires that the token belongs to a project.
    ///
    /// # Errors
    /// Returns [`ServiceError::OtherProject`], or an error if its environment does not exist.
    pub fn require_project(&self, service: &Service, project: &str) -> Result<(), ServiceError> {
        let own = service.environment(self.environment)?;
        if own.environment.project.as_str() == project {
            Ok(())
        } else {
            Err(ServiceError::OtherProject)
        }
    }
}

/// Looks up a server token in memory.
///
/// # Errors
/// Returns an error if the token is missing, unknown, a client key, or has no scope beyond
/// evaluating and ingesting.
pub fn authorise_api(service: &Service, key: Option<&str>) -> Result<ApiCaller, KeyError> {
    let key = key.ok_or(KeyError::Missing)?;
    let directory = service.config.directory();
    if directory.client_keys.contains_key(key) {
        return Err(KeyError::WrongScope("is a client key, and the API needs a server token"));
    }
    let digest = secrets::hash_secret(key.as_bytes());
    let token = directory.tokens.get(&digest).ok_or(KeyError::Unknown)?;
    let role: Role = Scope::highest_role(&token.scopes)
        .ok_or(KeyError::WrongScope("server token lacks the scope read, write or admin"))?;
    service.token_uses.record_use(token.id, service.now());
    let reach = token.reach;
    let actor = Actor::from_token(&token.name, role, &token.scopes, reach, &token.owner);
    Ok(ApiCaller { environment: token.environment, reach, actor })
}
