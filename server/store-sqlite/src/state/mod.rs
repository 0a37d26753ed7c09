//! State in `state.db`.

mod account_edits;
mod account_values;
mod accounts;
mod audit_log;
mod columns;
mod create;
mod edits;
mod flags;
mod keys;
mod rollout;
mod sessions;
mod statement;

use std::{path::Path, sync::Arc};

use crate::{database::Database, migrations};
use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    accounts::Account,
    audit::{AuditEntry, AuditRecord},
    flags::{FlagState, IndividualOverride},
    ids::{AccountId, EnvironmentId, EnvironmentKey, FlagKey, ProjectId, TokenId},
    rollout::Rollout,
    targeting::Segment,
};
use phasegate_store::{
    AccountStore, AuditLog, Database as StoreDatabase, EnvironmentStore, FlagStore, RolloutStore,
    StoreError, UnitOfWork,
    models::{
        AccountLink, AccountValue, AccountValueKind, AuditQuery, ClientKey, Created, Digest, Edit,
        Environment, EnvironmentAuditEntry, FirstStart, ServerToken, Session, StoredAccount,
        StoredFlag, Versioned,
    },
};

/// The page cache is small, because state that is read often is kept in memory in decoded form.
const CACHE_KIB: u32 = 2_048;

/// State in one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteState {
    database: Database,
}

impl SqliteState {
    /// Opens the file, creates it if missing, and applies migrations.
    ///
    /// # Errors
    /// Returns [`StoreError::NewerDatabase`] if a newer version wrote the file, and another error
    /// if it cannot be opened.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let migrator = migrations::state_migrations();
        Ok(Self { database: Database::open(path, &migrator, CACHE_KIB).await? })
    }
}

#[async_trait]
impl AccountStore for SqliteState {
    async fn read_account(&self, email: &str) -> Result<Option<StoredAccount>, StoreError> {
        accounts::read_stored_account(&self.database, email).await
    }

    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        accounts::read_account(&self.database, id).await
    }

    async fn read_accounts(&self) -> Result<Vec<Account>, StoreError> {
        accounts::read_accounts(&self.database).await
    }

    async fn read_account_links(&self, now: Timestamp) -> Result<Vec<AccountLink>, StoreError> {
        accounts::read_links(&self.database, now).await
    }

    async fn read_sessions(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        sessions::read_sessions(&self.database, account, now).await
    }

    async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        sessions::create_session(&self.database, session).await
    }

    async fn save_session(&self, session: &Session) -> Result<bool, StoreError> {
        sessions::save_session(&self.database, session).await
    }

    async fn find_session(
        &self,
        id: Digest,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        sessions::read_session(&self.database, id, now).await
    }

    async fn delete_session(&self, id: Digest) -> Result<(), StoreError> {
        sessions::delete_session(&self.database, id).await
    }

    async fn delete_ended_sessions(&self, now: Timestamp) -> Result<(), StoreError> {
        sessions::delete_ended_sessions(&self.database, now).await
    }

    async fn read_account_values(
        &self,
        account: AccountId,
        environment: EnvironmentId,
        kind: AccountValueKind,
    ) -> Result<Vec<(String, String)>, StoreError> {
        account_values::read_values(&self.database, account, environment, kind).await
    }

    async fn save_account_value(&self, value: &AccountValue) -> Result<(), StoreError> {
        account_values::save_value(&self.database, value).await
    }

    async fn delete_account_value(&self, value: &AccountValue) -> Result<(), StoreError> {
        account_values::delete_value(&self.database, value).await
    }

    async fn read_server_tokens(&self) -> Result<Vec<ServerToken>, StoreError> {
        keys::read_server_tokens(&self.database).await
    }

    async fn save_token_use(&self, used: &[(TokenId, Timestamp)]) -> Result<(), StoreError> {
        keys::save_token_uses(&self.database, used).await
    }

    async fn read_client_keys(&self) -> Result<Vec<ClientKey>, StoreError> {
        keys::read_client_keys(&self.database).await
    }
}

#[async_trait]
impl EnvironmentStore for SqliteState {
    async fn create_first_environment(
        &self,
        new: &FirstStart,
    ) -> Result<Option<Created>, StoreError> {
        accounts::first_start(&self.database, new).await
    }

    async fn read_environments(&self) -> Result<Vec<Environment>, StoreError> {
        keys::read_environments(&self.database).await
    }

    async fn read_deleted_environments(&self) -> Result<Vec<EnvironmentId>, StoreError> {
        keys::read_deleted_environments(&self.database).await
    }

    async fn create_environment(
        &self,
        project: ProjectId,
        key: &EnvironmentKey,
        name: &str,
        flags: &[(FlagKey, FlagState)],
        entry: &AuditEntry,
    ) -> Result<EnvironmentId, StoreError> {
        keys::create_environment(&self.database, project, (key, name), flags, entry).await
    }
}

#[async_trait]
impl FlagStore for SqliteState {
    async fn read_flags(
        &self,
        environment: EnvironmentId,
        known: &[StoredFlag],
    ) -> Result<Vec<StoredFlag>, StoreError> {
        flags::read_flags(&self.database, environment, known).await
    }

    async fn read_segments(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<Segment>>],
    ) -> Result<Vec<Versioned<Arc<Segment>>>, StoreError> {
        flags::read_segments(&self.database, environment, known).await
    }

    async fn read_overrides(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<IndividualOverride>>],
    ) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, StoreError> {
        flags::read_overrides(&self.database, environment, known).await
    }
}

#[async_trait]
impl RolloutStore for SqliteState {
    async fn read_rollout(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<Rollout>, StoreError> {
        rollout::read_rollout(&self.database, environment).await
    }
}

#[async_trait]
impl AuditLog for SqliteState {
    async fn read_audit_records(
        &self,
        environment: EnvironmentId,
        query: &AuditQuery,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        audit_log::read_audit_log(&self.database, environment, query).await
    }

    async fn read_revision(&self) -> Result<i64, StoreError> {
        audit_log::read_revision(&self.database).await
    }
}

#[async_trait]
impl UnitOfWork for SqliteState {
    async fn apply_edits(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
    ) -> Result<(), StoreError> {
        edits::apply_edits(&self.database, environment, edits, entries).await
    }
}

#[async_trait]
impl StoreDatabase for SqliteState {
    async fn mark_database(&self, mark: i32) -> Result<(), StoreError> {
        self.database.write_mark(mark).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.database.check_writable().await
    }

    async fn close_database(&self) -> Result<(), StoreError> {
        self.database.close_connections().await
    }
}
