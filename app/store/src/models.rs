//! Rows as the use cases see them.

use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentId, UserId},
    people::Person,
    rollout::PlanFile,
};
use serde::{Deserialize, Serialize};

/// Somebody who may log in, with what checks their password.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub person: Person,
    /// Argon2id, in PHC form.
    pub password_hash: String,
}

/// The digest of a secret: SHA-256. Secrets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Digest of the cookie's value.
    pub id: Digest,
    /// Who logged in with it, if anybody has.
    pub person: Option<UserId>,
    /// What the session holds; JSON, opaque to the store.
    pub data: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A server token, found by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToken {
    /// What it may be used for.
    pub environment: EnvironmentId,
    /// Its name in the history.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// What a server token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask for flags.
    Evaluate,
    /// Send telemetry.
    Ingest,
    /// Everything.
    Admin,
}

/// An environment, with the client key that pages use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its row.
    pub id: EnvironmentId,
    /// The project's key.
    pub project: String,
    /// Its own key, such as `production`.
    pub key: String,
    /// The public key of its pages.
    pub client_key: String,
}

/// What the first start creates.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The first admin's address.
    pub email: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// The public key of pages.
    pub client_key: String,
    /// Digest of the admin-scoped server token.
    pub server_token: Digest,
    /// The plan that its environment begins with, and the salt of its rollout.
    pub plan: Option<(PlanFile, String)>,
}

/// The row of somebody who was just created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The environment that was made.
    pub environment: EnvironmentId,
    /// The admin that was made.
    pub admin: UserId,
}
