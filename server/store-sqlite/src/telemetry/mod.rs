//! Telemetry in `telemetry.db`.

mod activity;
mod batches;
mod evaluation_counts;
mod hex;
mod ingest;
mod labels;
mod purge;
mod query_cache;
mod raw;
mod reports;
mod rollups;
mod screenshots;
mod sessions;
mod simulations;
mod user_data;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
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
    time::minute_of,
};
use phasegate_store::{
    ActivityStore, Database as StoreDatabase, ErrorStore, EventLog, FeedbackStore,
    IngestTransaction, MetricStore, PrivacyStore, SimulationStore, StoreError,
    models::{EvaluationCount, Rollup, RollupQuery},
};

use self::{
    ingest::SqliteIngest,
    query_cache::{Merging, QueryCache},
    raw::RawFolder,
};
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
    migrations,
};

/// Telemetry in one SQLite file, with the raw events of each day in a separate file.
#[derive(Debug, Clone)]
pub struct SqliteTelemetry {
    database: Database,
    path: PathBuf,
    raw: RawFolder,
    query_cache: Arc<QueryCache>,
}

/// The page cache is large, because each group of batches changes rows all over the file.
const CACHE_KIB: u32 = 16_384;

impl SqliteTelemetry {
    /// Opens the file, creates it if missing, and applies migrations.
    ///
    /// # Errors
    /// Returns [`StoreError::NewerDatabase`] if a newer version wrote the file, and another error
    /// if it cannot be opened or the folder of raw events cannot be written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let migrator = migrations::telemetry_migrations();
        let database = Database::open(path, &migrator, CACHE_KIB).await?;
        let query_cache = Arc::new(QueryCache::default());
        query_cache.catch_up(&database).await?;
        let raw = RawFolder::for_database(path);
        raw.check_writable()?;
        Ok(Self { database, path: path.to_owned(), raw, query_cache })
    }

    /// Limits the file to `pages` pages of 4 KiB, to simulate a full disk in tests.
    ///
    /// # Errors
    /// Returns an error if SQLite fails.
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let mut connection = self.database.acquire_writer().await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
            .execute(&mut *connection)
            .await
            .map_err(database_error)?;
        Ok(())
    }

    /// Runs work that may change any bucket, and then invalidates all cached results. It runs in a
    /// task, so that a cancelled caller cannot leave stale results behind.
    async fn run_then_invalidate<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let query_cache = Arc::clone(&self.query_cache);
        let done = tokio::spawn(async move {
            let done = work.await;
            query_cache.invalidate_all();
            done
        });
        done.await.map_err(|error| StoreError::Database(Box::new(error)))?
    }

    fn database_bytes(&self) -> u64 {
        let size = |ending: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(ending);
            fs::metadata(path).map_or(0, |found| found.len())
        };
        size("") + size("-wal")
    }
}

#[async_trait]
impl EventLog for SqliteTelemetry {
    async fn find_batch_keys(&self, keys: &[BatchKey]) -> Result<BTreeSet<BatchKey>, StoreError> {
        batches::find_batch_keys(&self.database, keys).await
    }

    async fn add_raw_events(&self, day: i64, batches: &[&Batch]) -> Result<(), StoreError> {
        self.raw.add_batches(day, batches).await
    }

    async fn begin_ingest(&self) -> Result<Box<dyn IngestTransaction>, StoreError> {
        let query_cache = Arc::clone(&self.query_cache);
        Ok(Box::new(SqliteIngest::begin(&self.database, query_cache).await?))
    }

    async fn read_newest_batch_minute(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<i64>, StoreError> {
        batches::read_newest_batch_minute(&self.database, environment).await
    }

    async fn read_or_store_digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let mut tx = self.database.begin_write().await?;
        sqlx::query(
            "INSERT INTO secrets (name, value) VALUES ('digest_key', ?) ON CONFLICT DO NOTHING",
        )
        .bind(fresh.as_slice())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
        let stored: Vec<u8> =
            sqlx::query_scalar("SELECT value FROM secrets WHERE name = 'digest_key'")
                .fetch_one(&mut *tx)
                .await
                .map_err(database_error)?;
        commit_transaction(tx).await?;
        stored.try_into().map_err(|_| damaged_error("digest key")(&"it is not 32 bytes long"))
    }

    async fn invalidate_outdated_caches(&self) -> Result<(), StoreError> {
        self.query_cache.catch_up(&self.database).await
    }
}

#[async_trait]
impl MetricStore for SqliteTelemetry {
    async fn reserve_labels(
        &self,
        environment: EnvironmentId,
        labels: &[(Metric, String)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin_write().await?;
        labels::reserve_labels(&mut tx, environment, labels, minute_of(now)).await?;
        commit_transaction(tx).await
    }

    async fn read_rollups(&self, query: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError> {
        rollups::read_rollups(&self.database, &self.query_cache, query, Merging::None).await
    }

    async fn read_rollup_sums(&self, query: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError> {
        rollups::read_rollups(&self.database, &self.query_cache, query, Merging::AllBuckets).await
    }

    async fn read_dimensions(
        &self,
        environment: EnvironmentId,
        metric: Metric,
        kind: DimensionKind,
        days: (i64, i64),
        limit: usize,
    ) -> Result<Vec<Dimension>, StoreError> {
        rollups::read_dimensions(
            &self.database,
            &self.query_cache,
            environment,
            metric,
            kind,
            days,
            limit,
        )
        .await
    }

    async fn add_evaluation_counts(
        &self,
        rows: &[EvaluationCount],
        delete_before: i64,
    ) -> Result<(), StoreError> {
        evaluation_counts::add_evaluation_counts(&self.database, rows, delete_before).await
    }

    async fn read_evaluation_counts(
        &self,
        environment: EnvironmentId,
        from_hour: i64,
    ) -> Result<Vec<EvaluationCount>, StoreError> {
        evaluation_counts::read_evaluation_counts(&self.database, environment, from_hour).await
    }
}

#[async_trait]
impl ActivityStore for SqliteTelemetry {
    async fn read_user_sets(
        &self,
        environment: EnvironmentId,
        activities: &ActivityFilter,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError> {
        activity::read_user_sets(
            &self.database,
            &self.query_cache,
            environment,
            activities,
            (from_day, to_day),
        )
        .await
    }

    async fn read_last_active_day(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<i64>, StoreError> {
        activity::read_last_active_day(&self.database, environment).await
    }
}

#[async_trait]
impl ErrorStore for SqliteTelemetry {
    async fn read_recent_errors(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<StoredReport<ErrorReport>>, StoreError> {
        reports::read_reports(&self.database, environment, reports::ERROR, limit).await
    }
}

#[async_trait]
impl FeedbackStore for SqliteTelemetry {
    async fn read_recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<StoredReport<Feedback>>, StoreError> {
        reports::read_reports(&self.database, environment, reports::FEEDBACK, limit).await
    }

    async fn save_screenshot(
        &self,
        screenshot: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError> {
        screenshots::save_screenshot(&self.database, screenshot, limit_bytes).await
    }

    async fn read_screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError> {
        screenshots::read_screenshot(&self.database, environment, id).await
    }
}

#[async_trait]
impl PrivacyStore for SqliteTelemetry {
    async fn list_environments_with_telemetry(
        &self,
    ) -> Result<BTreeSet<EnvironmentId>, StoreError> {
        purge::list_environments(&self.database).await
    }

    async fn delete_expired(
        &self,
        environment: EnvironmentId,
        cutoffs: &RetentionCutoffs,
    ) -> Result<(), StoreError> {
        let (db, cutoffs) = (self.database.clone(), cutoffs.clone());
        self.run_then_invalidate(async move {
            purge::delete_expired_telemetry(&db, environment, &cutoffs).await
        })
        .await
    }

    async fn delete_raw_events(
        &self,
        first_days: &BTreeMap<EnvironmentId, i64>,
    ) -> Result<(), StoreError> {
        self.raw.delete_before(first_days).await
    }

    async fn erase_environment(&self, environment: EnvironmentId) -> Result<(), StoreError> {
        let db = self.database.clone();
        self.run_then_invalidate(async move {
            purge::delete_environment_telemetry(&db, environment).await
        })
        .await
    }

    async fn read_user_data(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<UserData, StoreError> {
        user_data::read_user_data(&self.database, &self.raw, environment, user).await
    }

    async fn erase_user(
        &self,
        environment: EnvironmentId,
        user: UserHash,
    ) -> Result<ErasureReport, StoreError> {
        let (db, raw) = (self.database.clone(), self.raw.clone());
        self.run_then_invalidate(async move {
            user_data::erase_user_data(&db, &raw, environment, user).await
        })
        .await
    }

    async fn measure_storage(&self) -> Result<StorageUsage, StoreError> {
        Ok(StorageUsage {
            database: self.database_bytes(),
            screenshots: screenshots::screenshot_bytes(&self.database).await?,
            raw: self.raw.total_bytes()?,
            raw_days: self.raw.list_days()?.len() as u64,
        })
    }
}

#[async_trait]
impl SimulationStore for SqliteTelemetry {
    async fn read_simulation(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<Simulation>, StoreError> {
        simulations::read_simulation(&self.database, environment).await
    }

    async fn save_simulation(
        &self,
        environment: EnvironmentId,
        simulation: &Simulation,
    ) -> Result<(), StoreError> {
        simulations::save_simulation(&self.database, environment, simulation).await
    }
}

#[async_trait]
impl StoreDatabase for SqliteTelemetry {
    async fn mark_database(&self, mark: i32) -> Result<(), StoreError> {
        self.database.write_mark(mark).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.database.check_writable().await
    }

    async fn close_database(&self) -> Result<(), StoreError> {
        self.raw.close_open_file().await?;
        self.database.close_connections().await
    }
}
