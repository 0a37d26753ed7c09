//! How often flags are asked for: counted in memory, written now and then.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    config::FlagEntry,
    flags::{EvaluationCounts, Flag, HOURS, STALE_AFTER_DAYS, Variant},
    ids::{EnvironmentId, FlagKey, VariantName},
};
use phasegate_store::models::UsageRow;

use crate::{Service, ServiceError};

/// Days that usage is kept.
const KEPT_DAYS: i64 = 90;

/// A flag's counts, one for each variant.
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

    pub(crate) fn add(&self, entry: &FlagEntry, variant: &Variant) {
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
    /// Of flags whose variants have changed; written once more, then gone.
    retired: Mutex<Vec<(EnvironmentId, FlagKey, Arc<Counters>)>>,
}

impl EvaluationCounters {
    /// The counts of a flag; the same ones as before, as long as its variants are.
    pub(crate) fn counters(&self, environment: EnvironmentId, flag: &Flag) -> Arc<Counters> {
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

    /// Takes what was counted since the last time.
    fn take(&self, hour: i64) -> Vec<UsageRow> {
        let all = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let live =
            all.iter().map(|((environment, flag), c)| (*environment, flag.clone(), Arc::clone(c)));
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let everything: Vec<_> = live.chain(retired.drain(..)).collect();
        let rows = |(environment, flag, counters): (EnvironmentId, FlagKey, Arc<Counters>)| {
            let counts = counters.counts.iter().map(|count| count.swap(0, Ordering::Relaxed));
            let row = |(variant, count): (&VariantName, u64)| UsageRow {
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
    /// Adds counts that could not be written to those of flags that are still counted.
    fn put_back(&self, rows: &[UsageRow]) {
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

fn hour_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(3_600)
}

/// Writes what was counted since the last time; a job, and the last thing before stopping.
///
/// # Errors
/// When storage fails; what was counted is then written with the next turn.
pub async fn write_counted(service: &Service) -> Result<(), ServiceError> {
    let hour = hour_of(service.now());
    let rows = service.usage.take(hour);
    if !rows.is_empty() {
        let written = service.telemetry.add_usage(&rows, hour - KEPT_DAYS * 24).await;
        if written.is_err() {
            service.usage.put_back(&rows);
        }
        written?;
    }
    Ok(())
}

/// How often each flag of an environment was asked for.
pub(crate) async fn of_flags(
    service: &Service,
    environment: EnvironmentId,
) -> Result<HashMap<FlagKey, EvaluationCounts>, ServiceError> {
    let now = service.now();
    let this_hour = hour_of(now);
    let since = hour_of(now - TimeDelta::days(STALE_AFTER_DAYS));
    let mut all: HashMap<FlagKey, EvaluationCounts> = HashMap::new();
    for row in service.telemetry.usage(environment, since).await? {
        let usage = all.entry(row.flag).or_insert_with(nothing);
        let variant = usage.variants.entry(row.variant).or_default();
        variant.count += row.count;
        usage.days_asked = usage.days_asked.max((this_hour - row.hour).div_euclid(24));
        let age = usize::try_from(this_hour - row.hour).unwrap_or_default();
        let place = (HOURS - 1).checked_sub(age);
        if let Some(hour) = place.and_then(|place| usage.by_hour.get_mut(place)) {
            *hour += row.count;
            variant.last_day += row.count;
        }
    }
    Ok(all)
}

/// The usage of a flag that nobody has asked for.
pub(crate) fn nothing() -> EvaluationCounts {
    EvaluationCounts { by_hour: vec![0; HOURS], ..EvaluationCounts::default() }
}
