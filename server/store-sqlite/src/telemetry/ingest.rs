//! The transaction in which a group of batches is stored.
//!
//! The driver pays a thread hop for every statement, so each step is one statement for the whole
//! group, which takes its rows as one JSON document.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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
use phasegate_store::{IngestTransaction, StoreError};

use super::{
    activity, batches, labels,
    query_cache::{Kind, QueryCache},
    reports, rollups, sessions,
};
use crate::{
    database::{Database, commit_transaction},
    transaction::WriteTransaction,
};

/// A write transaction, and what it changes outside of the database.
#[derive(Debug)]
pub(super) struct SqliteIngest {
    tx: WriteTransaction,
    query_cache: Arc<QueryCache>,
    /// The buckets whose cached results are stale after the commit.
    written: BTreeSet<(EnvironmentId, Kind, i64)>,
    /// The numbers of users that the transaction has read or assigned.
    numbers: BTreeMap<UserKey, u32>,
}

impl SqliteIngest {
    /// Begins a transaction, waiting for other writers.
    pub(super) async fn begin(
        db: &Database,
        query_cache: Arc<QueryCache>,
    ) -> Result<Self, StoreError> {
        let tx = db.begin_write().await?;
        Ok(Self { tx, query_cache, written: BTreeSet::new(), numbers: BTreeMap::new() })
    }
}

/// Invalidates the cached results of buckets when it is dropped.
struct Stale {
    query_cache: Arc<QueryCache>,
    written: BTreeSet<(EnvironmentId, Kind, i64)>,
}

impl Drop for Stale {
    fn drop(&mut self) {
        self.query_cache.invalidate(std::mem::take(&mut self.written));
    }
}

#[async_trait]
impl IngestTransaction for SqliteIngest {
    async fn add_batch_keys(
        &mut self,
        keys: &[(BatchKey, i64)],
    ) -> Result<BTreeSet<BatchKey>, StoreError> {
        batches::add_batch_keys(&mut self.tx, keys).await
    }

    async fn add_reports(&mut self, reports: &[Report<'_>]) -> Result<(), StoreError> {
        reports::add_reports(&mut self.tx, reports).await
    }

    async fn delete_excess_reports(
        &mut self,
        environment: EnvironmentId,
        group: ReportGroup,
        limit: u32,
    ) -> Result<(), StoreError> {
        reports::delete_excess_reports(&mut self.tx, environment, group, limit).await
    }

    async fn read_sessions(&mut self, keys: &[SessionKey]) -> Result<Sessions, StoreError> {
        sessions::read_sessions(&mut self.tx, keys).await
    }

    async fn save_sessions(&mut self, sessions: &Sessions, today: i64) -> Result<(), StoreError> {
        sessions::save_sessions(&mut self.tx, sessions, today).await
    }

    async fn merge_rollups(
        &mut self,
        rollups: &Rollups,
        since: &[(Resolution, i64)],
    ) -> Result<(), StoreError> {
        for key in rollups.keys() {
            for (kind, resolution) in
                [(Kind::Minutes, Resolution::Minute), (Kind::Hours, Resolution::Hour)]
            {
                self.written.insert((key.environment, kind, key.bucket(resolution)));
            }
        }
        rollups::merge_rollups(&mut self.tx, rollups, since).await
    }

    async fn read_first_days(&mut self, users: &[UserKey]) -> Result<FirstDays, StoreError> {
        let known = activity::read_users(&mut self.tx, users).await?;
        self.numbers.extend(known.iter().map(|(key, (number, _))| (*key, *number)));
        Ok(known.into_iter().map(|(key, (_, first_day))| (key, first_day)).collect())
    }

    async fn change_user_sets(&mut self, changes: &UserSetChanges) -> Result<(), StoreError> {
        let days = activity::change_user_sets(&mut self.tx, changes, &mut self.numbers).await?;
        let written = days.into_iter().map(|(environment, day)| (environment, Kind::Activity, day));
        self.written.extend(written);
        Ok(())
    }

    async fn update_admitted_labels(
        &mut self,
        labels: &SentLabels,
        minute: i64,
    ) -> Result<BTreeSet<LabelKey>, StoreError> {
        labels::update_admitted_labels(&mut self.tx, labels, minute).await
    }

    async fn count_admitted_labels(&mut self) -> Result<BTreeMap<LabelGroup, u32>, StoreError> {
        labels::count_admitted_labels(&mut self.tx).await
    }

    async fn read_admitted_labels(
        &mut self,
        group: &LabelGroup,
    ) -> Result<Vec<AdmittedLabel>, StoreError> {
        labels::read_admitted_labels(&mut self.tx, group).await
    }

    async fn admit_labels(&mut self, labels: &SentLabels, minute: i64) -> Result<(), StoreError> {
        labels::insert_labels(&mut self.tx, labels, minute).await
    }

    async fn add_waiting_labels(
        &mut self,
        labels: &SentLabels,
        minute: i64,
    ) -> Result<SentLabels, StoreError> {
        labels::add_waiting_labels(&mut self.tx, labels, minute).await
    }

    async fn displace_labels(
        &mut self,
        group: &LabelGroup,
        displacements: &[Displacement],
        minute: i64,
    ) -> Result<(), StoreError> {
        labels::displace_labels(&mut self.tx, group, displacements, minute).await
    }

    async fn delete_excess_waiting_labels(&mut self, limit: u32) -> Result<(), StoreError> {
        labels::delete_excess_waiting_labels(&mut self.tx, limit).await
    }

    async fn delete_expired(&mut self, expiry: &IngestExpiry) -> Result<(), StoreError> {
        batches::delete_batch_keys(&mut self.tx, expiry.batch_id_minute).await?;
        sessions::delete_sessions(&mut self.tx, expiry.session_day).await?;
        labels::delete_unused_labels(&mut self.tx, expiry).await
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        // Also if the commit fails or is cancelled, because its outcome is unknown then.
        let _stale = Stale { query_cache: self.query_cache, written: self.written };
        commit_transaction(self.tx).await
    }
}
