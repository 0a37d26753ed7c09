//! A cache of query results per time bucket. Most buckets of a month are closed, so a panel only
//! has to read the newest ones again.
//!
//! The writer invalidates the buckets that it wrote to, after its commit and before it answers, so
//! late events show as soon as others.

mod lru_cache;
mod results;
mod write_clock;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{ActivityFilter, DimensionKind, Metric},
    time::Resolution,
};
use phasegate_store::{
    StoreError,
    models::{Rollup, RollupQuery},
};

use self::{lru_cache::LruCache, write_clock::WriteClock};
pub(super) use self::{
    results::{Counts, Sets},
    write_clock::Kind,
};
use crate::{database::Database, error::database_error};

/// The limit of each cache, in bytes.
const CACHE_BYTES: usize = 8 << 20;

/// Whether a query returns a row per bucket, or the sum of all buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Merging {
    None,
    AllBuckets,
}

/// A query for user sets: environment, activities, days.
pub(super) type ActivityQuery = (EnvironmentId, ActivityFilter, i64, i64);

/// A query for counts: environment, metric, kind of dimension, days.
pub(super) type CountQuery = (EnvironmentId, Metric, DimensionKind, i64, i64);

/// The caches, and the clock of the writes that make their entries stale.
#[derive(Debug)]
pub(super) struct QueryCache {
    write_clock: Mutex<WriteClock>,
    pub(super) rows: LruCache<(RollupQuery, Merging), Vec<Arc<Rollup>>>,
    pub(super) users: LruCache<ActivityQuery, Sets>,
    pub(super) counts: LruCache<CountQuery, Counts>,
    /// `PRAGMA data_version` of the writer: changes with every commit of another process.
    version: AtomicI64,
}

impl Default for QueryCache {
    fn default() -> Self {
        Self {
            write_clock: Mutex::default(),
            rows: LruCache::new(CACHE_BYTES),
            users: LruCache::new(CACHE_BYTES),
            counts: LruCache::new(CACHE_BYTES / 8),
            version: AtomicI64::new(-1),
        }
    }
}

impl QueryCache {
    fn lock_write_clock(&self) -> MutexGuard<'_, WriteClock> {
        self.write_clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Invalidates cached results that overlap these time buckets.
    pub(super) fn invalidate(&self, buckets: impl IntoIterator<Item = (EnvironmentId, Kind, i64)>) {
        self.lock_write_clock().invalidate(buckets);
    }

    /// Invalidates all cached results.
    pub(super) fn invalidate_all(&self) {
        self.lock_write_clock().invalidate_all();
    }

    /// Splits `from..to` into two ranges that are cached and the newest range, which is read every
    /// time because batches still change it. If no bucket was written to, the whole range is
    /// cached.
    pub(super) fn split_range(
        &self,
        environment: EnvironmentId,
        kind: Kind,
        resolution: Resolution,
        (from, to): (i64, i64),
    ) -> [(i64, i64); 3] {
        let newest = self.lock_write_clock().newest_bucket(environment, kind);
        let cuts = newest.map_or([to, to], |newest| kind.cache_cuts(newest, resolution));
        let [first, second] = cuts.map(|cut| cut.clamp(from, to.max(from)));
        [(from, first), (first, second), (second, to)]
    }

    /// Returns the cached result of a query, or runs `read` and caches its result.
    pub(super) async fn find_or_read<K, V>(
        &self,
        lru_cache: &LruCache<K, V>,
        key: K,
        (environment, kind, buckets): (EnvironmentId, Kind, (i64, i64)),
        read: impl Future<Output = Result<V, StoreError>>,
    ) -> Result<Arc<V>, StoreError>
    where
        K: std::hash::Hash + Eq,
        V: lru_cache::Weight,
    {
        let (now, written_at) = {
            let clock = self.lock_write_clock();
            (clock.now(), clock.last_write(environment, kind, buckets))
        };
        if let Some(found) = lru_cache.get(&key, written_at) {
            return Ok(found);
        }
        let value = Arc::new(read.await?);
        lru_cache.put(key, now, &value);
        Ok(value)
    }

    /// Invalidates all results if another process has written since the last call.
    pub(super) async fn catch_up(&self, db: &Database) -> Result<(), StoreError> {
        let mut writer = db.acquire_writer().await?;
        // `data_version` changes with every commit except those of this connection, and no other
        // connection of this process writes.
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut *writer)
            .await
            .map_err(database_error)?;
        let before = self.version.swap(version, Ordering::Relaxed);
        if before != -1 && before != version {
            self.invalidate_all();
        }
        Ok(())
    }
}
