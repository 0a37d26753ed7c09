//! Apps that call: by a page's client key or a server token.

use phasegate_domain::{
    accounts::{Reach, Role, Scope},
    ids::EnvironmentId,
};

use crate::{Service, access::Actor, secrets};

/// An app that has shown a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// The environment that the key belongs to.
    pub environment: EnvironmentId,
}

/// What an app wants to do.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Evaluate,
    Ingest,
}

/// Why a key does not open.
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
    /// It is for something else.
    #[error("this {0}; make one for it in the admin, under Settings")]
    WrongScope(&'static str),
    /// It is for pages of other sites.
    #[error(
        "pages of {0} may not use this client key; add the origin to the key in the admin, under Settings"
    )]
    WrongOrigin(String),
}

/// Finds whose key it is, from memory. `origin` is the site of the page that sends it, as
/// browsers say; programs have none, and are not what the list of origins is for.
///
/// # Errors
/// When it is missing, unknown, or for something else.
pub fn authorise(
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
    let digest = secrets::digest(key.as_bytes());
    let token = directory.tokens.get(&digest).ok_or(KeyError::Unknown)?;
    let needed = match purpose {
        Purpose::Evaluate => Scope::Evaluate,
        Purpose::Ingest => Scope::Ingest,
    };
    if !token.scopes.contains(&needed) && !token.scopes.contains(&Scope::Admin) {
        return Err(KeyError::WrongScope("server token lacks the scope for this"));
    }
    service.token_uses.note(token.id, service.now());
    Ok(App { environment: token.environment })
}

/// A name for a key that can be shown: the beginning of its digest.
#[must_use]
pub fn name_of(key: &str) -> String {
    secrets::hex(&secrets::digest(key.as_bytes()).0, 8)
}

/// Whether a key of that name is still known.
#[must_use]
pub fn is_known(service: &Service, name: &str) -> bool {
    let directory = service.config.directory();
    directory.client_keys.keys().any(|key| name_of(key) == name)
        || directory.tokens.keys().any(|digest| secrets::hex(&digest.0, 8) == name)
}

/// A program that calls the API with a server token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCaller {
    /// The environment that the token was made in.
    pub environment: EnvironmentId,
    /// Whether it is good there only or in all environments of the project.
    pub reach: Reach,
    /// Who it acts as.
    pub actor: Actor,
}

/// Finds whose server token it is, from memory.
///
/// # Errors
/// When it is missing, unknown, a client key, or has no scope beyond evaluating and ingesting.
pub fn authorise_api(service: &Service, key: Option<&str>) -> Result<ApiCaller, KeyError> {
    let key = key.ok_or(KeyError::Missing)?;
    let directory = service.config.directory();
    if directory.client_keys.contains_key(key) {
        return Err(KeyError::WrongScope("is a client key, and the API needs a server token"));
    }
    let digest = secrets::digest(key.as_bytes());
    let token = directory.tokens.get(&digest).ok_or(KeyError::Unknown)?;
    let role: Role = Scope::role(&token.scopes)
        .ok_or(KeyError::WrongScope("server token lacks the scope read, write or admin"))?;
    service.token_uses.note(token.id, service.now());
    let reach = token.reach;
    let actor = Actor::token(&token.name, role, &token.scopes, reach, &token.owner);
    Ok(ApiCaller { environment: token.environment, reach, actor })
}
