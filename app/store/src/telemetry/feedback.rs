//! Feedback and its screenshots.

use async_trait::async_trait;
use phasegate_domain::{
    feedback::{Feedback, Screenshot},
    ids::EnvironmentId,
    reports::Reported,
};

use crate::StoreError;

/// Feedback and its screenshots.
#[async_trait]
pub trait FeedbackStore: Send + Sync {
    /// Reads at most `limit` feedback items, the newest first.
    async fn recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<Feedback>>, StoreError>;

    /// Stores a screenshot unless it exists, and deletes the environment's oldest screenshots above
    /// a total size in bytes.
    async fn save_screenshot(
        &self,
        picture: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError>;

    /// Reads a screenshot of an environment by its id.
    async fn read_screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError>;
}
