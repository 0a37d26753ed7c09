//! Data of users: retention, export and erasure.

use std::collections::BTreeMap;

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    events::UserHash,
    ids::EnvironmentId,
    privacy::{ErasureReport, RetentionPolicy, StorageUsage, UserData},
};

use crate::StoreError;

/// Data of users: retention, export and erasure.
#[async_trait]
pub trait PrivacyStore: Send + Sync {
    /// Deletes expired data in small transactions, so that batches never wait long. Environments
    /// that `kept` does not name have the default retention policy.
    async fn purge_expired(
        &self,
        now: Timestamp,
        kept: &BTreeMap<EnvironmentId, RetentionPolicy>,
    ) -> Result<(), StoreError>;

    /// Deletes all telemetry of an environment in small transactions.
    async fn erase_environment(&self, environment: EnvironmentId) -> Result<(), StoreError>;

    /// Reads everything that is stored about a user.
    async fn user_data(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<UserData, StoreError>;

    /// Erases a user: removes the user from all sets and deletes reports and raw events. Counts
    /// stay unchanged.
    async fn erase_user(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<ErasureReport, StoreError>;

    /// Measures the storage that each kind of data uses.
    async fn measure_storage(&self) -> Result<StorageUsage, StoreError>;
}
