//! Stands in for telemetry that cannot be opened, so that changes such as a kill still work.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    errors::ErrorReport,
    events::{Batch, UserHash},
    feedback::{Feedback, Screenshot},
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    privacy::{ErasureReport, RetentionPolicy, StorageUsage, UserData},
    reports::Reported,
    simulation::Simulation,
    stats::UserSet,
};

use crate::{
    ActivityStore, Appended, Database, ErrorStore, EventLog, FeedbackStore, MetricStore,
    PrivacyStore, SimulationStore, StoreError,
    models::{Rollup, RollupQuery, UsageRow},
};

/// Fails every read and write with the reason why there is no telemetry.
#[derive(Debug, Clone)]
pub struct UnavailableTelemetry {
    reason: String,
}

impl UnavailableTelemetry {
    /// Creates the stand-in, with the reason that its errors give.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    fn error(&self) -> StoreError {
        StoreError::Database(self.reason.clone().into())
    }
}

#[async_trait]
impl EventLog for UnavailableTelemetry {
    async fn append(&self, _: &[Batch]) -> Result<Vec<Appended>, StoreError> {
        Err(self.error())
    }

    async fn last_minute(&self, _: EnvironmentId) -> Result<Option<i64>, StoreError> {
        Err(self.error())
    }

    async fn digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(fresh)
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl MetricStore for UnavailableTelemetry {
    async fn reserve_labels(
        &self,
        _: EnvironmentId,
        _: &[(Metric, String)],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn rollups(&self, _: &RollupQuery) -> Result<Vec<Rollup>, StoreError> {
        Err(self.error())
    }

    async fn sums(&self, _: &RollupQuery) -> Result<Vec<Rollup>, StoreError> {
        Err(self.error())
    }

    async fn dimensions(
        &self,
        _: EnvironmentId,
        _: Metric,
        _: DimensionKind,
        _: (i64, i64),
        _: usize,
    ) -> Result<Vec<Dimension>, StoreError> {
        Err(self.error())
    }

    async fn add_usage(&self, _: &[UsageRow], _: i64) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn usage(&self, _: EnvironmentId, _: i64) -> Result<Vec<UsageRow>, StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl ActivityStore for UnavailableTelemetry {
    async fn user_sets(
        &self,
        _: EnvironmentId,
        _: &ActivityFilter,
        _: i64,
        _: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl ErrorStore for UnavailableTelemetry {
    async fn recent_errors(
        &self,
        _: EnvironmentId,
        _: u32,
    ) -> Result<Vec<Reported<ErrorReport>>, StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl FeedbackStore for UnavailableTelemetry {
    async fn recent_feedback(
        &self,
        _: EnvironmentId,
        _: u32,
    ) -> Result<Vec<Reported<Feedback>>, StoreError> {
        Err(self.error())
    }

    async fn save_screenshot(&self, _: &Screenshot, _: u64) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn screenshot(
        &self,
        _: EnvironmentId,
        _: &str,
    ) -> Result<Option<Screenshot>, StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl PrivacyStore for UnavailableTelemetry {
    async fn purge_expired(
        &self,
        _: Timestamp,
        _: &BTreeMap<EnvironmentId, RetentionPolicy>,
    ) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn erase_environment(&self, _: EnvironmentId) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn user_data(&self, _: EnvironmentId, _: UserHash) -> Result<UserData, StoreError> {
        Err(self.error())
    }

    async fn erase_user(&self, _: EnvironmentId, _: UserHash) -> Result<ErasureReport, StoreError> {
        Err(self.error())
    }

    async fn sizes(&self) -> Result<StorageUsage, StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl SimulationStore for UnavailableTelemetry {
    async fn simulation(&self, _: EnvironmentId) -> Result<Option<Simulation>, StoreError> {
        Err(self.error())
    }

    async fn save_simulation(&self, _: EnvironmentId, _: &Simulation) -> Result<(), StoreError> {
        Err(self.error())
    }
}

#[async_trait]
impl Database for UnavailableTelemetry {
    async fn mark(&self, _: i32) -> Result<(), StoreError> {
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
