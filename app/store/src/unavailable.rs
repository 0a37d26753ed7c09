//! Stands in for telemetry that cannot be opened, so that changes such as a kill still work.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    errors::ErrorReport,
    events::{Batch, BatchKey, StoredReport, UserHash},
    feedback::{Feedback, Screenshot},
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    privacy::{ErasureReport, RetentionCutoffs, StorageUsage, UserData},
    simulation::Simulation,
    stats::UserSet,
};

use crate::{
    ActivityStore, Database, ErrorStore, EventLog, FeedbackStore, IngestTransaction, MetricStore,
    PrivacyStore, SimulationStore, StoreError,
    models::{EvaluationCount, Rollup, RollupQuery},
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

    fn unavailable_error(&self) -> StoreError {
        StoreError::Database(self.reason.clone().into())
    }
}

#[async_trait]
impl EventLog for UnavailableTelemetry {
    async fn find_batch_keys(&self, _: &[BatchKey]) -> Result<BTreeSet<BatchKey>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn add_raw_events(&self, _: i64, _: &[&Batch]) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn begin_ingest(&self) -> Result<Box<dyn IngestTransaction>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_newest_batch_minute(&self, _: EnvironmentId) -> Result<Option<i64>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_or_store_digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(fresh)
    }

    async fn invalidate_outdated_caches(&self) -> Result<(), StoreError> {
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
        Err(self.unavailable_error())
    }

    async fn read_rollups(&self, _: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_rollup_sums(&self, _: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_dimensions(
        &self,
        _: EnvironmentId,
        _: Metric,
        _: DimensionKind,
        _: (i64, i64),
        _: usize,
    ) -> Result<Vec<Dimension>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn add_evaluation_counts(&self, _: &[EvaluationCount], _: i64) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_evaluation_counts(
        &self,
        _: EnvironmentId,
        _: i64,
    ) -> Result<Vec<EvaluationCount>, StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl ActivityStore for UnavailableTelemetry {
    async fn read_user_sets(
        &self,
        _: EnvironmentId,
        _: &ActivityFilter,
        _: i64,
        _: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_last_active_day(&self, _: EnvironmentId) -> Result<Option<i64>, StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl ErrorStore for UnavailableTelemetry {
    async fn read_recent_errors(
        &self,
        _: EnvironmentId,
        _: u32,
    ) -> Result<Vec<StoredReport<ErrorReport>>, StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl FeedbackStore for UnavailableTelemetry {
    async fn read_recent_feedback(
        &self,
        _: EnvironmentId,
        _: u32,
    ) -> Result<Vec<StoredReport<Feedback>>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn save_screenshot(&self, _: &Screenshot, _: u64) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_screenshot(
        &self,
        _: EnvironmentId,
        _: &str,
    ) -> Result<Option<Screenshot>, StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl PrivacyStore for UnavailableTelemetry {
    async fn list_environments_with_telemetry(
        &self,
    ) -> Result<BTreeSet<EnvironmentId>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn delete_expired(
        &self,
        _: EnvironmentId,
        _: &RetentionCutoffs,
    ) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn delete_raw_events(&self, _: &BTreeMap<EnvironmentId, i64>) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn erase_environment(&self, _: EnvironmentId) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn read_user_data(&self, _: EnvironmentId, _: UserHash) -> Result<UserData, StoreError> {
        Err(self.unavailable_error())
    }

    async fn erase_user(&self, _: EnvironmentId, _: UserHash) -> Result<ErasureReport, StoreError> {
        Err(self.unavailable_error())
    }

    async fn measure_storage(&self) -> Result<StorageUsage, StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl SimulationStore for UnavailableTelemetry {
    async fn read_simulation(&self, _: EnvironmentId) -> Result<Option<Simulation>, StoreError> {
        Err(self.unavailable_error())
    }

    async fn save_simulation(&self, _: EnvironmentId, _: &Simulation) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }
}

#[async_trait]
impl Database for UnavailableTelemetry {
    async fn mark_database(&self, _: i32) -> Result<(), StoreError> {
        Ok(())
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        Err(self.unavailable_error())
    }

    async fn close_database(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
