//! A size-bounded LRU cache. An entry is stale once its inputs were written to after it was read.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use phasegate_store::models::Rollup;

use super::results::{Counts, Sets};

/// An estimate of a value's size in memory.
pub(in crate::telemetry) trait Weight {
    /// Bytes, including the heap.
    fn weight(&self) -> usize;
}

impl Weight for Vec<Arc<Rollup>> {
    fn weight(&self) -> usize {
        self.iter()
            .map(|row| size_of::<Rollup>() + row.label.len() + row.aggregate.heap_bytes())
            .sum()
    }
}

impl Weight for Sets {
    fn weight(&self) -> usize {
        self.iter().map(|(_, _, users)| 128 + users.stored_bytes()).sum()
    }
}

impl Weight for Counts {
    fn weight(&self) -> usize {
        self.keys().map(|dimension| 64 + dimension.len()).sum()
    }
}

#[derive(Debug)]
struct Entry<V> {
    /// The write clock's tick before the read.
    read_at: u64,
    bytes: usize,
    value: Arc<V>,
}

#[derive(Debug)]
struct Contents<K, V> {
    entries: hashlink::LruCache<K, Entry<V>>,
    bytes: usize,
}

/// Query results by query. Evicts the least recently used entries above `limit` bytes.
#[derive(Debug)]
pub(in crate::telemetry) struct LruCache<K, V> {
    contents: Mutex<Contents<K, V>>,
    limit: usize,
}

impl<K: Hash + Eq, V: Weight> LruCache<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        let contents = Contents { entries: hashlink::LruCache::new_unbounded(), bytes: 0 };
        Self { contents: Mutex::new(contents), limit }
    }

    fn lock_contents(&self) -> MutexGuard<'_, Contents<K, V>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the value unless its inputs were written to (`touched_at`) after it was read.
    pub(super) fn get(&self, key: &K, touched_at: u64) -> Option<Arc<V>> {
        let mut contents = self.lock_contents();
        let kept = contents.entries.get(key)?;
        if kept.read_at >= touched_at {
            return Some(Arc::clone(&kept.value));
        }
        let stale = contents.entries.remove(key);
        contents.bytes -= stale.map_or(0, |kept| kept.bytes);
        None
    }

    /// Inserts a value and evicts others to stay within the limit. A value above the limit is not
    /// kept.
    pub(super) fn put(&self, key: K, read_at: u64, value: &Arc<V>) {
        let bytes = size_of::<K>() + value.weight();
        if bytes > self.limit {
            return;
        }
        let mut contents = self.lock_contents();
        let entry = Entry { read_at, bytes, value: Arc::clone(value) };
        contents.bytes += bytes;
        if let Some(before) = contents.entries.insert(key, entry) {
            contents.bytes -= before.bytes;
        }
        while contents.bytes > self.limit
            && let Some((_, oldest)) = contents.entries.remove_lru()
        {
            contents.bytes -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_before_a_write_are_stale_and_size_is_bounded() {
        let value = |dimensions: u64| -> Arc<Counts> {
            Arc::new((0..dimensions).map(|n| (format!("page:{n:015}"), n)).collect())
        };
        let lru_cache: LruCache<u8, Counts> = LruCache::new(500);
        lru_cache.put(1, 5, &value(2));
        assert!(lru_cache.get(&1, 5).is_some());
        assert!(lru_cache.get(&1, 6).is_none());
        assert!(lru_cache.get(&1, 0).is_none());
        assert_eq!(lru_cache.lock_contents().bytes, 0);
        for key in 0..4 {
            lru_cache.put(key, 5, &value(2));
            assert!(lru_cache.get(&0, 5).is_some(), "what is asked for stays");
        }
        assert!(lru_cache.get(&1, 5).is_none());
        assert!(lru_cache.lock_contents().bytes <= 500);
        lru_cache.put(9, 5, &value(20));
        assert!(lru_cache.get(&9, 5).is_none(), "too much for all of it");
    }
}
