//! What was read of spans that are over, kept in memory: most of a month does not change any more,
//! and a panel has to read only the rest of it again.
//!
//! Who writes says which spans it touched, after its commit and before it answers. What was read of
//! spans that were touched since is not used again; late events are seen as soon as any others.

mod shelf;
mod touched;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use phasegate_domain::{
    ids::EnvironmentId,
    stats::People,
    telemetry::{Deed, Resolution, Series},
};
use phasegate_store::{
    StoreError,
    models::{Row, RowQuery},
};

pub(super) use self::touched::Kind;
use self::{shelf::Shelf, touched::Touched};
use super::rows::Span;
use crate::{database::Database, error::database};

/// What each shelf may take, in bytes, about.
const SHELF_BYTES: usize = 8 << 20;

/// Whose sets of people: environment, how the deeds begin, days.
pub(super) type PeopleQuery = (EnvironmentId, String, i64, i64);

/// Sets of people by deed and day.
pub(super) type Sets = Vec<(Deed, i64, Arc<People>)>;

/// Which slices: environment, series, their kind, days.
pub(super) type CountQuery = (EnvironmentId, Series, String, i64, i64);

/// How often something was counted, by slice.
pub(super) type Counts = BTreeMap<String, u64>;

/// What is kept of what was read.
#[derive(Debug)]
pub(super) struct Settled {
    touched: Mutex<Touched>,
    pub(super) rows: Shelf<(RowQuery, Span), Vec<Row>>,
    pub(super) people: Shelf<PeopleQuery, Sets>,
    pub(super) counts: Shelf<CountQuery, Counts>,
    /// What SQLite says of changes by others.
    version: AtomicI64,
}

impl Default for Settled {
    fn default() -> Self {
        Self {
            touched: Mutex::default(),
            rows: Shelf::new(SHELF_BYTES),
            people: Shelf::new(SHELF_BYTES),
            counts: Shelf::new(SHELF_BYTES / 8),
            version: AtomicI64::new(-1),
        }
    }
}

impl Settled {
    fn touched(&self) -> MutexGuard<'_, Touched> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These spans are others now.
    pub(super) fn touch(&self, spans: impl IntoIterator<Item = (EnvironmentId, Kind, i64)>) {
        self.touched().touch(spans);
    }

    /// Everything may be another now.
    pub(super) fn touch_all(&self) {
        self.touched().touch_all();
    }

    /// `from..to` in the parts that are kept, and then the part in which something is being counted just
    /// now, which is read each time. Where no span was touched, all of it is kept.
    pub(super) fn parts(
        &self,
        environment: EnvironmentId,
        kind: Kind,
        resolution: Resolution,
        (from, to): (i64, i64),
    ) -> [(i64, i64); 3] {
        let newest = self.touched().newest(environment, kind);
        let cuts = newest.map_or([to, to], |newest| kind.cuts(newest, resolution));
        let [first, second] = cuts.map(|cut| cut.clamp(from, to.max(from)));
        [(from, first), (first, second), (second, to)]
    }

    /// What was read of spans before, or else what is read now.
    pub(super) async fn find<K, V>(
        &self,
        shelf: &Shelf<K, V>,
        key: K,
        (environment, kind, spans): (EnvironmentId, Kind, (i64, i64)),
        read: impl Future<Output = Result<V, StoreError>>,
    ) -> Result<Arc<V>, StoreError>
    where
        K: std::hash::Hash + Eq,
        V: shelf::Weigh,
    {
        let (now, touched_at) = {
            let touched = self.touched();
            (touched.now(), touched.last(environment, kind, spans))
        };
        if let Some(found) = shelf.get(&key, touched_at) {
            return Ok(found);
        }
        let value = Arc::new(read.await?);
        shelf.put(key, now, &value);
        Ok(value)
    }

    /// Notices what another process has written, and trusts nothing that was read before.
    pub(super) async fn catch_up(&self, db: &Database) -> Result<(), StoreError> {
        let mut writer = db.writer().await?;
        // Changes with every commit but those of this very connection, and no other of this process
        // can write.
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut *writer)
            .await
            .map_err(database)?;
        let before = self.version.swap(version, Ordering::Relaxed);
        if before != -1 && before != version {
            self.touch_all();
        }
        Ok(())
    }
}
