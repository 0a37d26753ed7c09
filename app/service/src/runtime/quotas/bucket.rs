//! Token buckets, in bounded memory.

use std::{collections::HashMap, hash::Hash};

use phasegate_domain::Timestamp;

use super::quota_exceeded::{Quota, QuotaExceeded};

/// The maximum number of sources in memory. If there are more, those that have not sent lately are
/// dropped.
const MAX_SOURCES: usize = 200_000;

/// A rate per minute and a burst size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    quota: Quota,
    per_minute: u32,
    at_once: u32,
}

impl Limit {
    pub(super) const fn new(quota: Quota, per_minute: u32, at_once: u32) -> Self {
        Self { quota, per_minute, at_once }
    }

    /// The same limit with a minimum rate per minute.
    pub(super) fn with_minimum_rate(self, per_minute: u32) -> Self {
        let (per_minute, at_once) = (self.per_minute.max(per_minute), self.at_once.max(per_minute));
        Self { per_minute, at_once, ..self }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// In milliseconds since 1970.
    at: i64,
}

/// The token buckets by source.
#[derive(Debug)]
pub(super) struct Buckets<K>(Recent<K, Option<Bucket>>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Recent::default())
    }
}

impl<K: Hash + Eq + Copy> Buckets<K> {
    /// Takes tokens from the buckets of all sources, or from none if one lacks them: a batch that
    /// is sent again must not count twice.
    pub(super) fn take_tokens(
        &mut self,
        asked: &[(K, Limit, f64)],
        now: Timestamp,
    ) -> Result<(), QuotaExceeded> {
        let now = now.timestamp_millis();
        for (source, limit, wanted) in asked {
            if let Some(exceeded) = self.check_tokens(*source, *limit, *wanted, now) {
                return Err(exceeded);
            }
        }
        for (source, _, wanted) in asked {
            if let Some(bucket) = self.0.get_or_default(*source) {
                bucket.tokens -= wanted;
            }
        }
        Ok(())
    }

    /// Returns the exceeded quota if a source has fewer tokens than `wanted`.
    fn check_tokens(
        &mut self,
        source: K,
        limit: Limit,
        wanted: f64,
        now: i64,
    ) -> Option<QuotaExceeded> {
        let (per_minute, at_once) = (f64::from(limit.per_minute), f64::from(limit.at_once));
        let bucket = self.0.get_or_default(source);
        let Bucket { tokens, at } = bucket.unwrap_or(Bucket { tokens: at_once, at: now });
        let since = (now - at).max(0) as f64 / 60_000.0;
        let tokens = (tokens + since * per_minute).min(at_once);
        *bucket = Some(Bucket { tokens, at: now });
        // A request for more than the bucket holds passes when the bucket is full.
        let needed = wanted.min(at_once);
        (tokens < needed).then(|| QuotaExceeded {
            quota: limit.quota,
            per_minute: u64::from(limit.per_minute),
            retry_after_seconds: ((needed - tokens) / per_minute * 60.0).ceil() as u64,
        })
    }
}

/// A size-bounded map in two generations. When the young one is full, it becomes the old one, and
/// entries that were not used meanwhile are dropped.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Copy, V: Default> Recent<K, V> {
    pub(super) fn get_or_default(&mut self, key: K) -> &mut V {
        if self.young.len() >= MAX_SOURCES / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with(|| old.remove(&key).unwrap_or_default())
    }
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}
