//! The audit log, which is only ever appended to.

use async_trait::async_trait;
use phasegate_domain::{audit::AuditRecord, ids::EnvironmentId};

use crate::{StoreError, models::AuditQuery};

/// The audit log, which is only ever appended to.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Reads audit entries of an environment, the newest first.
    async fn read_audit_records(
        &self,
        environment: EnvironmentId,
        query: &AuditQuery,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Reads the revision: it increases with every audit entry, so that a server notices the writes
    /// of other processes.
    async fn read_revision(&self) -> Result<i64, StoreError>;
}
