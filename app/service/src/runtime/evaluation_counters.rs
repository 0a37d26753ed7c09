//! Evaluation counts in memory, until they are written.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use phasegate_domain::{
    config::FlagEntry,
    flags::{Flag, Variant},
    ids::{EnvironmentId, FlagKey, VariantName},
};
use phasegate_store::models::EvaluationCount;

/// A flag's evaluation counts, one for each variant.
#[derive(Debug)]
pub(crate) struct Counters {
    variants: Vec<VariantName>,
    counts: Vec<AtomicU64>,
}

impl Counters {
    fn new(flag: &Flag) -> Self {
        let variants: Vec<VariantName> = flag.variants.iter().map(|v| v.name.clone()).collect();
        Self { counts: variants.iter().map(|_| AtomicU64::new(0)).collect(), variants }
    }

    fn is_of(&self, flag: &Flag) -> bool {
        self.variants.iter().eq(flag.variants.iter().map(|variant| &variant.name))
    }

    pub(crate) fn increment_variant(&self, entry: &FlagEntry, variant: &Variant) {
        // The variant is borrowed from the entry, so comparing addresses is enough.
        let index = entry.flag.variants.iter().position(|known| std::ptr::eq(known, variant));
        if let Some(count) = index.and_then(|index| self.counts.get(index)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// All counts of a server, by environment and flag.
#[derive(Debug, Default)]
pub(crate) struct EvaluationCounters {
    counters: Mutex<HashMap<(EnvironmentId, FlagKey), Arc<Counters>>>,
    /// Counters of flags whose variants have changed; written once more, then dropped.
    retired: Mutex<Vec<(EnvironmentId, FlagKey, Arc<Counters>)>>,
}

impl EvaluationCounters {
    /// Returns the counters of a flag, which stay the same until its variants change.
    pub(crate) fn flag_counters(&self, environment: EnvironmentId, flag: &Flag) -> Arc<Counters> {
        let mut all = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (environment, flag.key.clone());
        if let Some(known) = all.get(&place).filter(|known| known.is_of(flag)) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(Counters::new(flag));
        if let Some(old) = all.insert(place, Arc::clone(&fresh)) {
            let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
            retired.push((environment, flag.key.clone(), old));
        }
        fresh
    }

    /// Takes the counts since the last call, as rows of `hour`.
    pub(crate) fn take_counts(&self, hour: i64) -> Vec<EvaluationCount> {
        let all = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let live =
            all.iter().map(|((environment, flag), c)| (*environment, flag.clone(), Arc::clone(c)));
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let everything: Vec<_> = live.chain(retired.drain(..)).collect();
        let rows = |(environment, flag, counters): (EnvironmentId, FlagKey, Arc<Counters>)| {
            let counts = counters.counts.iter().map(|count| count.swap(0, Ordering::Relaxed));
            let row = |(variant, count): (&VariantName, u64)| EvaluationCount {
                environment,
                hour,
                flag: flag.clone(),
                variant: variant.clone(),
                count,
            };
            let rows = counters.variants.iter().zip(counts).filter(|(_, count)| *count > 0);
            rows.map(row).collect::<Vec<_>>()
        };
        everything.into_iter().flat_map(rows).collect()
    }
}

impl EvaluationCounters {
    /// Puts back counts that could not be written, for flags and variants that are still counted.
    pub(crate) fn restore_counts(&self, rows: &[EvaluationCount]) {
        let all = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let Some(counters) = all.get(&(row.environment, row.flag.clone())) else { continue };
            let index = counters.variants.iter().position(|variant| *variant == row.variant);
            if let Some(count) = index.and_then(|index| counters.counts.get(index)) {
                count.fetch_add(row.count, Ordering::Relaxed);
            }
        }
    }
}
