//! What is known of a session, from whichever of its batches have come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Device, FactKind, LedgerRows, RowKey, Series, Severity, Slice, Visit};
use crate::{
    Timestamp,
    ids::{EnvironmentId, FlagKey, PhaseNumber, VariantName},
    stats::Tally,
};

/// A session, as far as it is known. Merging is commutative and idempotent: the same facts lead to
/// the same session in any order and however often they come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The first sign of life, in milliseconds since 1970; with it, what counts from then on.
    #[serde(rename = "f")]
    pub first: (i64, Device, Option<String>, Option<PhaseNumber>),
    /// The last sign of life, in milliseconds since 1970.
    #[serde(rename = "l")]
    pub last: i64,
    /// Whether something went wrong that counts.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub has_error: bool,
    /// Whether something went wrong that somebody must look at now.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub has_critical: bool,
    /// What it was exposed to.
    #[serde(rename = "x", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exposed: BTreeSet<(FlagKey, VariantName)>,
}

impl Session {
    /// What one fact of a visit says about it.
    pub(super) fn new(visit: &Visit, at: Timestamp) -> Self {
        let at = at.timestamp_millis();
        Self {
            first: (at, visit.device, visit.release.clone(), visit.phase),
            last: at,
            has_error: false,
            has_critical: false,
            exposed: visit.exposed.iter().map(|(f, v)| (f.clone(), v.clone())).collect(),
        }
    }

    /// Notes what a fact says beyond its time.
    pub(super) fn note(&mut self, kind: &FactKind) {
        if let FactKind::Error(report) = kind {
            self.has_error |= report.counted() > 0;
            self.has_critical |= report.counted() > 0 && report.severity == Severity::Critical;
        }
    }

    /// Takes over what else is known of the same session.
    pub fn merge(&mut self, other: &Self) {
        if other.first < self.first {
            self.first.clone_from(&other.first);
        }
        self.last = self.last.max(other.last);
        self.has_error |= other.has_error;
        self.has_critical |= other.has_critical;
        self.exposed.extend(other.exposed.iter().cloned());
    }

    /// What it adds to the rows of the minute in which it began, or takes from them again when more
    /// is known of it.
    pub(super) fn count(&self, environment: EnvironmentId, is_taken: bool, rows: &mut LedgerRows) {
        let (first, device, release, phase) = &self.first;
        let minute = first.div_euclid(60_000);
        // Millionths of a second, as all durations are.
        let duration = u64::try_from(self.last - first).unwrap_or_default().saturating_mul(1_000);
        let mut series = vec![Series::Sessions];
        series.extend(self.has_error.then_some(Series::ErrorSessions));
        series.extend(self.has_critical.then_some(Series::CriticalSessions));
        let visit = Visit {
            who: None,
            device: *device,
            release: release.clone(),
            exposed: BTreeMap::new(),
            phase: *phase,
        };
        let mut slices = Slice::of_visit(&visit);
        slices.extend(self.exposed.iter().map(|(f, v)| Slice::Flag(f.clone(), v.clone(), *phase)));
        for slice in slices {
            for series in &series {
                let key = RowKey {
                    environment,
                    series: *series,
                    slice: slice.clone(),
                    label: String::new(),
                    minute,
                };
                let row: &mut Tally = rows.entry(key).or_default();
                match (is_taken, series) {
                    (false, Series::Sessions) => row.add(duration),
                    (true, Series::Sessions) => row.remove(duration),
                    (false, _) => row.count_up(1),
                    (true, _) => row.count_down(1),
                }
            }
        }
    }
}
