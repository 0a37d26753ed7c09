//! Apps that call: by a page's client key or a server token.

use phasegate_domain::ids::EnvironmentId;
use phasegate_store::models::Scope;

use crate::{Service, secrets};

/// An app that has shown a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// The environment that the key belongs to.
    pub environment: EnvironmentId,
    may_evaluate: bool,
    may_ingest: bool,
}

/// What an app wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Ask for flags.
    Evaluate,
    /// Send telemetry.
    Ingest,
}

/// Why a key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// None was sent.
    #[error(
        "a client key or server token is needed: send it as \"Authorization: Bearer …\" or \"X-API-Key: …\""
    )]
    Missing,
    /// Nobody has it.
    #[error(
        "this client key or server token is not known here; compare it with the one in the admin"
    )]
    Unknown,
    /// It is for something else.
    #[error("this server token lacks the scope for this")]
    WrongScope,
}

/// Finds whose key it is, from memory.
///
/// # Errors
/// When it is missing, unknown, or for something else.
pub fn authorise(service: &Service, key: Option<&str>, purpose: Purpose) -> Result<App, KeyError> {
    let key = key.ok_or(KeyError::Missing)?;
    let directory = service.directory.load();
    let app = if let Some(environment) = directory.client_keys.get(key) {
        App { environment: *environment, may_evaluate: true, may_ingest: true }
    } else {
        let digest = secrets::digest(key.as_bytes());
        let token = directory.tokens.get(&digest).ok_or(KeyError::Unknown)?;
        let has = |scope| token.scopes.contains(&scope) || token.scopes.contains(&Scope::Admin);
        App {
            environment: token.environment,
            may_evaluate: has(Scope::Evaluate),
            may_ingest: has(Scope::Ingest),
        }
    };
    let allowed = match purpose {
        Purpose::Evaluate => app.may_evaluate,
        Purpose::Ingest => app.may_ingest,
    };
    if allowed { Ok(app) } else { Err(KeyError::WrongScope) }
}
