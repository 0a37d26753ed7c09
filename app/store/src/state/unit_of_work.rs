//! Changes that are applied all or none.

use async_trait::async_trait;
use phasegate_domain::ids::EnvironmentId;

use crate::{
    StoreError,
    models::{Edit, EnvironmentAuditEntry},
};

/// Changes that are applied all or none.
#[async_trait]
pub trait UnitOfWork: Send + Sync {
    /// Applies edits together with their audit entries, all or none. A change that the environments
    /// of a project share has an entry in each of them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an edit names another version than the stored one, or creates
    /// something that exists.
    async fn apply_edits(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
    ) -> Result<(), StoreError>;
}
