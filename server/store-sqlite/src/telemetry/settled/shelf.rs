//! Things in memory that take no more than so much; what was asked for longest ago goes first.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hashlink::LruCache;
use phasegate_store::models::Row;

use super::{Counts, Sets};

/// What something takes in memory.
pub(in crate::telemetry) trait Weigh {
    /// In bytes, about.
    fn weight(&self) -> usize;
}

impl Weigh for Vec<Row> {
    fn weight(&self) -> usize {
        self.iter().map(|row| size_of::<Row>() + row.label.len() + row.tally.heap_bytes()).sum()
    }
}

impl Weigh for Sets {
    fn weight(&self) -> usize {
        self.iter().map(|(_, _, people)| 128 + people.stored_bytes()).sum()
    }
}

impl Weigh for Counts {
    fn weight(&self) -> usize {
        self.keys().map(|slice| 64 + slice.len()).sum()
    }
}

#[derive(Debug)]
struct Kept<V> {
    /// When it was read.
    read_at: u64,
    bytes: usize,
    value: Arc<V>,
}

/// What is kept, and how much of it.
#[derive(Debug)]
struct Contents<K, V> {
    kept: LruCache<K, Kept<V>>,
    bytes: usize,
}

/// Values by what was asked for.
#[derive(Debug)]
pub(in crate::telemetry) struct Shelf<K, V> {
    contents: Mutex<Contents<K, V>>,
    limit: usize,
}

impl<K: Hash + Eq, V: Weigh> Shelf<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        let contents = Contents { kept: LruCache::new_unbounded(), bytes: 0 };
        Self { contents: Mutex::new(contents), limit }
    }

    fn contents(&self) -> MutexGuard<'_, Contents<K, V>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read not before what it is made of was written to.
    pub(super) fn get(&self, key: &K, touched_at: u64) -> Option<Arc<V>> {
        let mut contents = self.contents();
        let kept = contents.kept.get(key)?;
        if kept.read_at >= touched_at {
            return Some(Arc::clone(&kept.value));
        }
        let stale = contents.kept.remove(key);
        contents.bytes -= stale.map_or(0, |kept| kept.bytes);
        None
    }

    /// Keeps a value, and so many others as there is room for.
    pub(super) fn put(&self, key: K, read_at: u64, value: &Arc<V>) {
        let bytes = size_of::<K>() + value.weight();
        if bytes > self.limit {
            return;
        }
        let mut contents = self.contents();
        let kept = Kept { read_at, bytes, value: Arc::clone(value) };
        contents.bytes += bytes;
        if let Some(before) = contents.kept.insert(key, kept) {
            contents.bytes -= before.bytes;
        }
        while contents.bytes > self.limit
            && let Some((_, oldest)) = contents.kept.remove_lru()
        {
            contents.bytes -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_write_is_gone_and_room_is_bounded() {
        let value = |slices: u64| -> Arc<Counts> {
            Arc::new((0..slices).map(|n| (format!("page:{n:015}"), n)).collect())
        };
        let shelf: Shelf<u8, Counts> = Shelf::new(500);
        shelf.put(1, 5, &value(2));
        assert!(shelf.get(&1, 5).is_some());
        assert!(shelf.get(&1, 6).is_none());
        assert!(shelf.get(&1, 0).is_none());
        assert_eq!(shelf.contents().bytes, 0);
        for key in 0..4 {
            shelf.put(key, 5, &value(2));
            assert!(shelf.get(&0, 5).is_some(), "what is asked for stays");
        }
        assert!(shelf.get(&1, 5).is_none());
        assert!(shelf.contents().bytes <= 500);
        shelf.put(9, 5, &value(20));
        assert!(shelf.get(&9, 5).is_none(), "too much for all of it");
    }
}
