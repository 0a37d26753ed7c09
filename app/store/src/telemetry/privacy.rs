//! Data of users: retention, export and erasure.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_domain::{
    events::UserHash,
    ids::EnvironmentId,
    privacy::{ErasureReport, RetentionCutoffs, StorageUsage, UserData},
};

use crate::StoreError;

/// Data of users: retention, export and erasure.
#[async_trait]
pub trait PrivacyStore: Send + Sync {
    /// Returns the environments with telemetry, including those that simulations write to.
    async fn list_environments_with_telemetry(&self)
    -> Result<BTreeSet<EnvironmentId>, StoreError>;

    /// Deletes what has expired of an environment, in small transactions, so that batches never
    /// wait long. Raw events stay.
    async fn delete_expired(
        &self,
        environment: EnvironmentId,
        cutoffs: &RetentionCutoffs,
    ) -> Result<(), StoreError>;

    /// Deletes the raw events of each environment before its day (days since 1970), and whole days
    /// before all of them.
    async fn delete_raw_events(
        &self,
        first_days: &BTreeMap<EnvironmentId, i64>,
    ) -> Result<(), StoreError>;

    /// Deletes all telemetry of an environment in small transactions.
    async fn erase_environment(&self, environment: EnvironmentId) -> Result<(), StoreError>;

    /// Reads everything that is stored about a user.
    async fn read_user_data(
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
