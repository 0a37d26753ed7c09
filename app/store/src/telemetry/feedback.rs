//! Feedback and its screenshots.

use async_trait::async_trait;
use phasegate_domain::{
    events::StoredReport,
    feedback::{Feedback, Screenshot},
    ids::EnvironmentId,
};

use crate::StoreError;

/// Feedback and its screenshots.
#[async_trait]
pub trait FeedbackStore: Send + Sync {
    /// Reads at most `limit` feedback items, the newest first.
    async fn read_recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<StoredReport<Feedback>>, StoreError>;

    /// Stores a screenshot unless it exists, and deletes the environment's oldest screenshots above
    /// a total size in bytes.
    async fn save_screenshot(
        &self,
        screenshot: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError>;

    /// Reads a screenshot of an environment by its id.
    async fn read_screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError>;
}
