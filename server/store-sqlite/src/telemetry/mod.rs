//! Telemetry in `telemetry.db`.

mod append;
mod labels;
mod presence;
mod reports;
mod rows;
mod screenshots;
mod sessions;
mod usage;

use std::path::Path;

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    dashboard::Reported,
    ids::EnvironmentId,
    stats::People,
    telemetry::{Batch, Deed, ErrorReport, Feedback, Screenshot, Series, Slice},
};
use phasegate_store::{
    Appended, StoreError, TelemetryStore,
    models::{Row, RowQuery, UsageRow},
};

use crate::{
    database::{Database, commit},
    error::{damaged, database},
};

/// Telemetry in one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteTelemetry {
    database: Database,
}

/// A kind of report that is kept in full.
#[derive(Debug, Clone, Copy)]
enum ReportKind {
    Error,
    Feedback,
}

impl ReportKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Feedback => "feedback",
        }
    }

    /// How many are kept per environment; the oldest go first.
    fn kept(self) -> u32 {
        match self {
            Self::Error => 500,
            Self::Feedback => 20_000,
        }
    }
}

impl SqliteTelemetry {
    /// Opens the file, makes it if missing, and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerDatabase`] when a newer version wrote it; otherwise what SQLite says.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let migrator = sqlx::migrate!("../../migrations/sqlite/telemetry");
        Ok(Self { database: Database::open(path, &migrator).await? })
    }
}

#[async_trait]
impl TelemetryStore for SqliteTelemetry {
    async fn append(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError> {
        append::append(&self.database, batches).await
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, StoreError> {
        rows::read(&self.database, query).await
    }

    async fn slices(
        &self,
        environment: EnvironmentId,
        series: Series,
        kind: &str,
    ) -> Result<Vec<Slice>, StoreError> {
        rows::slices(&self.database, environment, series, kind).await
    }

    async fn people(
        &self,
        environment: EnvironmentId,
        deeds: &str,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Deed, i64, People)>, StoreError> {
        presence::read(&self.database, environment, deeds, from_day, to_day).await
    }

    async fn digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO secrets (name, value) VALUES ('digest_key', ?) ON CONFLICT DO NOTHING",
        )
        .bind(fresh.as_slice())
        .execute(&mut *tx)
        .await
        .map_err(database)?;
        let stored: Vec<u8> =
            sqlx::query_scalar("SELECT value FROM secrets WHERE name = 'digest_key'")
                .fetch_one(&mut *tx)
                .await
                .map_err(database)?;
        commit(tx).await?;
        stored.try_into().map_err(|_| damaged("digest key")(&"it is not 32 bytes long"))
    }

    async fn recent_errors(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<ErrorReport>>, StoreError> {
        reports::read(&self.database, environment, ReportKind::Error, limit).await
    }

    async fn recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<Feedback>>, StoreError> {
        reports::read(&self.database, environment, ReportKind::Feedback, limit).await
    }

    async fn forget_rows(&self, now: Timestamp) -> Result<(), StoreError> {
        rows::forget(&self.database, now).await
    }

    async fn save_screenshot(
        &self,
        picture: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError> {
        screenshots::save(&self.database, picture, limit_bytes).await
    }

    async fn screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError> {
        screenshots::find(&self.database, environment, id).await
    }

    async fn add_usage(&self, rows: &[UsageRow], forget_before: i64) -> Result<(), StoreError> {
        usage::add(&self.database, rows, forget_before).await
    }

    async fn usage(
        &self,
        environment: EnvironmentId,
        from_hour: i64,
    ) -> Result<Vec<UsageRow>, StoreError> {
        usage::read(&self.database, environment, from_hour).await
    }
}
