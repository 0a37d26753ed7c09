//! Accounts, sessions, server tokens and client keys.

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    accounts::Account,
    ids::{AccountId, EnvironmentId, TokenId},
};

use crate::{
    StoreError,
    models::{
        AccountLink, AccountValue, AccountValueKind, ClientKey, Digest, ServerToken, Session,
        StoredAccount,
    },
};

/// Accounts, sessions, server tokens and client keys.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Finds an account by its e-mail address, ignoring case.
    async fn read_account(&self, email: &str) -> Result<Option<StoredAccount>, StoreError>;

    /// Finds an account by its id, with its current role.
    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Reads all accounts, the oldest first.
    async fn read_accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Reads the links for choosing a password that are valid at `now`, the newest first.
    async fn read_account_links(&self, now: Timestamp) -> Result<Vec<AccountLink>, StoreError>;

    /// Reads the sessions of an account, or of all, that are valid at `now`; at most 10,000.
    async fn read_sessions(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// Stores a new login session.
    async fn create_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Updates a session. Returns `false` without writing if it has ended: a request that began
    /// before a log-out must not restore its session.
    async fn save_session(&self, session: &Session) -> Result<bool, StoreError>;

    /// Finds a session, unless it has expired by `now` or its account got a new password.
    async fn find_session(&self, id: Digest, now: Timestamp)
    -> Result<Option<Session>, StoreError>;

    /// Deletes a session if it exists.
    async fn delete_session(&self, id: Digest) -> Result<(), StoreError>;

    /// Deletes the sessions that have expired by `now`.
    async fn delete_ended_sessions(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Reads the values of a kind that an account keeps in an environment: names and values, by name.
    async fn read_account_values(
        &self,
        account: AccountId,
        environment: EnvironmentId,
        kind: AccountValueKind,
    ) -> Result<Vec<(String, String)>, StoreError>;

    /// Stores a value, which replaces an earlier one of the same name.
    async fn save_account_value(&self, value: &AccountValue) -> Result<(), StoreError>;

    /// Deletes the value of this account, environment, kind and name if there is one.
    async fn delete_account_value(&self, value: &AccountValue) -> Result<(), StoreError>;

    /// Reads all server tokens, the oldest first.
    async fn read_server_tokens(&self) -> Result<Vec<ServerToken>, StoreError>;

    /// Saves when tokens were last used, if later than the stored times.
    async fn save_token_use(&self, used: &[(TokenId, Timestamp)]) -> Result<(), StoreError>;

    /// Reads all client keys, the oldest first.
    async fn read_client_keys(&self) -> Result<Vec<ClientKey>, StoreError>;
}
