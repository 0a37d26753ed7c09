//! Where state is kept.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    flags::IndividualOverride,
    history::{AuditEntry, AuditRecord},
    ids::{EnvironmentId, EnvironmentKey, ProjectId, TokenId, UserId},
    people::{Person, Role},
    rollout::Rollout,
    segments::Segment,
};

use crate::{
    StoreError,
    models::{
        Account, AuditQuery, ClientKey, Created, Digest, Edit, Environment, EnvironmentAuditEntry,
        FirstStart, ServerToken, Session, StoredFlag, Versioned,
    },
};

/// The state of all projects. Each method is one transaction: done whole, or not at all.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Creates the admin, project `default`, environment `production`, its keys and its plan,
    /// unless somebody is there already; then `None`.
    async fn first_start(&self, new: &FirstStart) -> Result<Option<Created>, StoreError>;

    /// All environments, oldest first.
    async fn environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// Environments that were deleted; their telemetry may still be there.
    async fn deleted_environments(&self) -> Result<Vec<EnvironmentId>, StoreError>;

    /// The account of an e-mail address, whatever its case.
    async fn account(&self, email: &str) -> Result<Option<Account>, StoreError>;

    /// Who has that id, with the role they have now.
    async fn person(&self, id: UserId) -> Result<Option<Person>, StoreError>;

    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the address has one already, whatever its case.
    async fn create_account(
        &self,
        email: &str,
        password_hash: &str,
        role: Role,
    ) -> Result<UserId, StoreError>;

    /// Replaces a password and ends the account's sessions. `false` if there is no such account.
    async fn set_password(&self, email: &str, password_hash: &str) -> Result<bool, StoreError>;

    /// Writes a new session.
    async fn create_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Writes over the session of that id; `false`, and nothing is written, if it has ended: a request
    /// that began before a log-out must not bring its session back.
    async fn save_session(&self, session: &Session) -> Result<bool, StoreError>;

    /// The session of that id, unless it has ended by `now` or its account has a new password.
    async fn session(&self, id: Digest, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Deletes a session if it exists.
    async fn delete_session(&self, id: Digest) -> Result<(), StoreError>;

    /// Forgets the sessions that have ended by `now`.
    async fn delete_ended_sessions(&self, now: Timestamp) -> Result<(), StoreError>;

    /// All server tokens, oldest first.
    async fn server_tokens(&self) -> Result<Vec<ServerToken>, StoreError>;

    /// Notes when tokens were last used; later than what is stored, or nothing happens.
    async fn tokens_used(&self, used: &[(TokenId, Timestamp)]) -> Result<(), StoreError>;

    /// All client keys, oldest first.
    async fn client_keys(&self) -> Result<Vec<ClientKey>, StoreError>;

    /// An environment's flags with their state, by key; archived ones too. `known` is what the caller
    /// read before, by key: what is still at that version is taken from there, not read again.
    async fn flags(
        &self,
        environment: EnvironmentId,
        known: &[StoredFlag],
    ) -> Result<Vec<StoredFlag>, StoreError>;

    /// The segments of an environment's project, by key; `known` as in [`StateStore::flags`].
    async fn segments(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<Segment>>],
    ) -> Result<Vec<Versioned<Arc<Segment>>>, StoreError>;

    /// An environment's overrides, by flag and user; `known` as in [`StateStore::flags`].
    async fn overrides(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<IndividualOverride>>],
    ) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, StoreError>;

    /// Makes changes, all or none, with their lines of history. What is shared between the
    /// environments of a project has a line in each of them, as each of them sees it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one of them is not made upon what is stored, or makes what is
    /// there already.
    async fn edit(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
    ) -> Result<(), StoreError>;

    /// Makes an environment in a project, where each flag begins as all flags do.
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

    /// An environment's rollout, if a plan is loaded.
    async fn rollout(&self, environment: EnvironmentId) -> Result<Option<Rollout>, StoreError>;

    /// Lines of an environment's history, newest first.
    async fn history(
        &self,
        environment: EnvironmentId,
        query: &AuditQuery,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Marks the database as the one that this process serves, by a number that no other start has had;
    /// what a power cut leaves beside it can then be told from what belongs to a backup.
    async fn mark(&self, mark: i32) -> Result<(), StoreError>;

    /// Whether a change could be written now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Ends well: everything is in the main file, which can be copied by itself.
    async fn close(&self) -> Result<(), StoreError>;

    /// Goes up with every change that has a line of history, whoever makes it; so that a server
    /// notices what another process has changed.
    async fn revision(&self) -> Result<i64, StoreError>;
}
