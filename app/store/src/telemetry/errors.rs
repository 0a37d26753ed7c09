//! Errors as pages reported them.

use async_trait::async_trait;
use phasegate_domain::{errors::ErrorReport, events::StoredReport, ids::EnvironmentId};

use crate::StoreError;

/// Errors as pages reported them.
#[async_trait]
pub trait ErrorStore: Send + Sync {
    /// Reads at most `limit` error events, the newest first.
    async fn read_recent_errors(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<StoredReport<ErrorReport>>, StoreError>;
}
