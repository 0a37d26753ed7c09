//! The state store: accounts, keys, environments, flags, rollouts and the audit log.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    accounts::{Person, Role},
    audit::{AuditEntry, AuditRecord},
    flags::IndividualOverride,
    ids::{EnvironmentId, EnvironmentKey, ProjectId, TokenId, UserId},
    rollout::Rollout,
    targeting::Segment,
};

use crate::{
    StoreError,
    models::{
        Account, AuditQuery, ClientKey, Created, Digest, Edit, Environment, EnvironmentAuditEntry,
        FirstStart, ServerToken, Session, StoredFlag, Versioned,
    },
};

/// Stores the state of all projects. Each method is one transaction, applied completely or not at all.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Creates the admin account, the project `default`, the environment `production`, its keys and its plan.
    /// Returns `None` if there is an account already.
    async fn first_start(&self, new: &FirstStart) -> Result<Option<Created>, StoreError>;

    /// Reads all environments, the oldest first.
    async fn environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// Reads the deleted environments whose telemetry may still be stored.
    async fn deleted_environments(&self) -> Result<Vec<EnvironmentId>, StoreError>;

    /// Finds an account by its e-mail address, ignoring case.
    async fn account(&self, email: &str) -> Result<Option<Account>, StoreError>;

    /// Finds an account by its id, with its current role.
    async fn person(&self, id: UserId) -> Result<Option<Person>, StoreError>;

    /// Creates an account with a password.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the address has an account, ignoring case.
    async fn create_account(
        &self,
        email: &str,
        password_hash: &str,
        role: Role,
    ) -> Result<UserId, StoreError>;

    /// Replaces a password and ends the account's sessions. Returns `false` if there is no such account.
    async fn set_password(&self, email: &str, password_hash: &str) -> Result<bool, StoreError>;

    /// Stores a new login session.
    async fn create_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Updates a session. Returns `false` without writing if it has ended: a request that began before a log-out
    /// must not restore its session.
    async fn save_session(&self, session: &Session) -> Result<bool, StoreError>;

    /// Finds a session, unless it expired before `now` or its account got a new password.
    async fn session(&self, id: Digest, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Deletes a session if it exists.
    async fn delete_session(&self, id: Digest) -> Result<(), StoreError>;

    /// Deletes the sessions that expired before `now`.
    async fn delete_ended_sessions(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Reads all server tokens, the oldest first.
    async fn server_tokens(&self) -> Result<Vec<ServerToken>, StoreError>;

    /// Saves when tokens were last used, if later than the stored times.
    async fn tokens_used(&self, used: &[(TokenId, Timestamp)]) -> Result<(), StoreError>;

    /// Reads all client keys, the oldest first.
    async fn client_keys(&self) -> Result<Vec<ClientKey>, StoreError>;

    /// Reads the flags of an environment with their state, by key, archived ones included. Flags in `known` that
    /// still have the stored version are reused instead of read.
    async fn flags(
        &self,
        environment: EnvironmentId,
        known: &[StoredFlag],
    ) -> Result<Vec<StoredFlag>, StoreError>;

    /// Reads the segments of an environment's project by key; `known` as in [`StateStore::flags`].
    async fn segments(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<Segment>>],
    ) -> Result<Vec<Versioned<Arc<Segment>>>, StoreError>;

    /// Reads the individual overrides of an environment by flag and user; `known` as in [`StateStore::flags`].
    async fn overrides(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<IndividualOverride>>],
    ) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, StoreError>;

    /// Applies edits together with their audit entries, all or none. A change of something that the environments
    /// of a project share has an entry in each of them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an edit names another version than the stored one, or creates
    /// something that exists.
    async fn edit(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
    ) -> Result<(), StoreError>;

    /// Creates an environment in a project, with each flag in its initial state.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if its key is taken.
    async fn create_environment(
        &self,
        project: ProjectId,
        key: &EnvironmentKey,
        name: &str,
        entry: &AuditEntry,
    ) -> Result<EnvironmentId, StoreError>;

    /// Reads the rollout of an environment, if it has a plan.
    async fn rollout(&self, environment: EnvironmentId) -> Result<Option<Rollout>, StoreError>;

    /// Reads audit entries of an environment, the newest first.
    async fn history(
        &self,
        environment: EnvironmentId,
        query: &AuditQuery,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Marks the database with a number that is unique to this start of the server, so that a journal left by a
    /// power cut is never used with a restored backup.
    async fn mark(&self, mark: i32) -> Result<(), StoreError>;

    /// Checks that an edit can be written now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Closes the database with everything in the main file, which can then be copied by itself.
    async fn close(&self) -> Result<(), StoreError>;

    /// Reads the revision: it increases with every audit entry, so that a server notices the writes of other
    /// processes.
    async fn revision(&self) -> Result<i64, StoreError>;
}
