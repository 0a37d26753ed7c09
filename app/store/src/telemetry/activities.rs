//! Sets of users by activity and day.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter},
    stats::UserSet,
};

use crate::StoreError;

/// Sets of users by activity and day.
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Reads user sets by activity and day, on the days `from_day <= day < to_day`.
    async fn read_user_sets(
        &self,
        environment: EnvironmentId,
        activities: &ActivityFilter,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError>;

    /// Reads the last day with an active user, in days since 1970.
    async fn read_last_active_day(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<i64>, StoreError>;
}
