//! The transaction in which a group of batches is stored.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_domain::{
    events::{BatchKey, Report, ReportGroup},
    ids::EnvironmentId,
    metrics::{
        AdmittedLabel, Displacement, FirstDays, IngestExpiry, LabelGroup, LabelKey, Rollups,
        SentLabels, SessionKey, Sessions, UserKey, UserSetChanges,
    },
    time::Resolution,
};

use crate::StoreError;

/// A transaction that stores a group of batches, all or none. It reads what is stored and writes
/// what ingestion has decided; it holds no rule. Dropped without a commit, it stores nothing.
#[async_trait]
pub trait IngestTransaction: Send {
    /// Stores batch keys, each with the minute of its batch, and returns those that are new.
    async fn add_batch_keys(
        &mut self,
        keys: &[(BatchKey, i64)],
    ) -> Result<BTreeSet<BatchKey>, StoreError>;

    /// Adds reports in their order.
    async fn add_reports(&mut self, reports: &[Report<'_>]) -> Result<(), StoreError>;

    /// Deletes the oldest reports of a group of an environment until `limit` are left.
    async fn delete_excess_reports(
        &mut self,
        environment: EnvironmentId,
        group: ReportGroup,
        limit: u32,
    ) -> Result<(), StoreError>;

    /// Reads the stored ones of some sessions.
    async fn read_sessions(&mut self, keys: &[SessionKey]) -> Result<Sessions, StoreError>;

    /// Stores sessions that changed on a day (days since 1970).
    async fn save_sessions(&mut self, sessions: &Sessions, today: i64) -> Result<(), StoreError>;

    /// Adds rollups to the stored ones of each resolution, in buckets from the given one on.
    async fn merge_rollups(
        &mut self,
        rollups: &Rollups,
        since: &[(Resolution, i64)],
    ) -> Result<(), StoreError>;

    /// Reads the first active day of those of some users who are known.
    async fn read_first_days(&mut self, users: &[UserKey]) -> Result<FirstDays, StoreError>;

    /// Changes sets of users.
    async fn change_user_sets(&mut self, changes: &UserSetChanges) -> Result<(), StoreError>;

    /// Adds senders to those of some labels that are admitted, sets the minute in which they were
    /// last sent, and returns them.
    async fn update_admitted_labels(
        &mut self,
        labels: &SentLabels,
        minute: i64,
    ) -> Result<BTreeSet<LabelKey>, StoreError>;

    /// Counts the admitted labels of each group.
    async fn count_admitted_labels(&mut self) -> Result<BTreeMap<LabelGroup, u32>, StoreError>;

    /// Reads the admitted labels of a group.
    async fn read_admitted_labels(
        &mut self,
        group: &LabelGroup,
    ) -> Result<Vec<AdmittedLabel>, StoreError>;

    /// Stores labels that are admitted from a minute on.
    async fn admit_labels(&mut self, labels: &SentLabels, minute: i64) -> Result<(), StoreError>;

    /// Adds senders to waiting labels, and returns the labels with all their senders.
    async fn add_waiting_labels(
        &mut self,
        labels: &SentLabels,
        minute: i64,
    ) -> Result<SentLabels, StoreError>;

    /// Admits waiting labels of a group in the place of others.
    async fn displace_labels(
        &mut self,
        group: &LabelGroup,
        displacements: &[Displacement],
        minute: i64,
    ) -> Result<(), StoreError>;

    /// Deletes the waiting labels that were sent least recently until `limit` are left in all
    /// environments.
    async fn delete_excess_waiting_labels(&mut self, limit: u32) -> Result<(), StoreError>;

    /// Deletes batch keys, sessions and labels that have expired.
    async fn delete_expired(&mut self, expiry: &IngestExpiry) -> Result<(), StoreError>;

    /// Commits; everything is durable afterwards. If that fails, nothing is stored.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
