//! Where state is kept.

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    flags::{Flag, FlagState},
    history::{HistoryEntry, SubjectKind},
    ids::{EnvironmentId, FlagKey, RolloutKey, UserId},
    people::Person,
    rollout::{Rollout, RolloutState},
    segments::Segment,
};

use crate::{
    StoreError,
    models::{Account, Created, Digest, Environment, FirstStart, ServerToken, Session},
};

/// The state of all projects. Each method is one transaction: done whole, or not at all.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Creates the admin, project `default`, environment `production`, its keys and its plan,
    /// unless somebody is there already; then `None`.
    async fn first_start(&self, new: &FirstStart) -> Result<Option<Created>, StoreError>;

    /// All environments, oldest first.
    async fn environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// The account of an e-mail address, whatever its case.
    async fn account(&self, email: &str) -> Result<Option<Account>, StoreError>;

    /// Who has that id, with the role they have now.
    async fn person(&self, id: UserId) -> Result<Option<Person>, StoreError>;

    /// Replaces a password and ends the account's sessions. `false` if there is no such account.
    async fn set_password(&self, email: &str, password_hash: &str) -> Result<bool, StoreError>;

    /// Writes a session over whatever stood under its id.
    async fn save_session(&self, session: &Session) -> Result<(), StoreError>;

    /// The session of that id, unless it has ended by `now`.
    async fn session(&self, id: Digest, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Forgets a session.
    async fn delete_session(&self, id: Digest) -> Result<(), StoreError>;

    /// Forgets the sessions that have ended by `now`.
    async fn delete_ended_sessions(&self, now: Timestamp) -> Result<(), StoreError>;

    /// All server tokens, by the digest of their secret.
    async fn server_tokens(&self) -> Result<Vec<(Digest, ServerToken)>, StoreError>;

    /// An environment's flags with their state, by key.
    async fn flags(&self, environment: EnvironmentId)
    -> Result<Vec<(Flag, FlagState)>, StoreError>;

    /// An environment's segments, by key.
    async fn segments(&self, environment: EnvironmentId) -> Result<Vec<Segment>, StoreError>;

    /// An environment's rollout, if a plan is loaded.
    async fn rollout(&self, environment: EnvironmentId) -> Result<Option<Rollout>, StoreError>;

    /// Saves a flag's new state with its line of history.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless the stored version is the one before `state.version`.
    async fn save_flag_state(
        &self,
        environment: EnvironmentId,
        flag: &FlagKey,
        state: FlagState,
        entry: &HistoryEntry,
    ) -> Result<(), StoreError>;

    /// Saves a rollout's new state with its line of history.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless the stored version is `expected`.
    async fn save_rollout_state(
        &self,
        environment: EnvironmentId,
        rollout: &RolloutKey,
        state: &RolloutState,
        expected: i64,
        entry: &HistoryEntry,
    ) -> Result<(), StoreError>;

    /// The newest lines of an environment's history, newest first, at most `limit`.
    async fn history(
        &self,
        environment: EnvironmentId,
        subject: Option<SubjectKind>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, StoreError>;
}
