//! Flags, segments and overrides.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_domain::{flags::IndividualOverride, ids::EnvironmentId, targeting::Segment};

use crate::{
    StoreError,
    models::{StoredFlag, Versioned},
};

/// Flags, segments and overrides.
#[async_trait]
pub trait FlagStore: Send + Sync {
    /// Reads the flags of an environment with their state, by key, archived ones included. Flags in
    /// `known` that still have the stored version are reused instead of read.
    async fn read_flags(
        &self,
        environment: EnvironmentId,
        known: &[StoredFlag],
    ) -> Result<Vec<StoredFlag>, StoreError>;

    /// Reads the segments of an environment's project by key; `known` as in [`FlagStore::read_flags`].
    async fn read_segments(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<Segment>>],
    ) -> Result<Vec<Versioned<Arc<Segment>>>, StoreError>;

    /// Reads the individual overrides of an environment by flag and user; `known` as in
    /// [`FlagStore::read_flags`].
    async fn read_overrides(
        &self,
        environment: EnvironmentId,
        known: &[Versioned<Arc<IndividualOverride>>],
    ) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, StoreError>;
}
