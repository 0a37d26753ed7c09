//! Environments and the first start.

use async_trait::async_trait;
use phasegate_domain::{
    audit::AuditEntry,
    flags::FlagState,
    ids::{EnvironmentId, EnvironmentKey, FlagKey, ProjectId},
};

use crate::{
    StoreError,
    models::{Created, Environment, FirstStart},
};

/// Environments and the first start.
#[async_trait]
pub trait EnvironmentStore: Send + Sync {
    /// Creates the admin account, the project `default`, the environment `production`, its keys and
    /// its plan. Returns `None` if there is an account already.
    async fn create_first_environment(
        &self,
        new: &FirstStart,
    ) -> Result<Option<Created>, StoreError>;

    /// Reads all environments, the oldest first.
    async fn read_environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// Reads the deleted environments whose telemetry may still be stored.
    async fn read_deleted_environments(&self) -> Result<Vec<EnvironmentId>, StoreError>;

    /// Creates an environment in a project, with each flag of the project in the given state.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if its key is taken, or a flag of the project is not given.
    async fn create_environment(
        &self,
        project: ProjectId,
        key: &EnvironmentKey,
        name: &str,
        flags: &[(FlagKey, FlagState)],
        entry: &AuditEntry,
    ) -> Result<EnvironmentId, StoreError>;
}
