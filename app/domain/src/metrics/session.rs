//! The state of a session, merged from its batches.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Dimension, Metric, RollupKey, rollup::Rollups};
use crate::{
    errors::Severity,
    events::{Arm, Batch, EventKind, SessionHash, Visit},
    ids::{EnvironmentId, FlagKey, PhaseNumber, SegmentKey, VariantName},
    stats::Aggregate,
    vitals::Device,
};

/// A session of an environment.
pub type SessionKey = (EnvironmentId, SessionHash);

/// The states of sessions.
pub type Sessions = BTreeMap<SessionKey, Session>;

/// The state of a session. Merging is commutative and idempotent: batches lead to the same state in
/// any order and however often they arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The time of the first event in milliseconds since 1970, with its device, release and phase.
    /// Metrics of the session count at this time.
    #[serde(rename = "f")]
    pub first: (i64, Device, Option<String>, Option<PhaseNumber>),
    /// The time of the last event, in milliseconds since 1970.
    #[serde(rename = "l")]
    pub last: i64,
    /// Whether it had an error that counts: no warning and no noise.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub has_error: bool,
    /// Whether it had a critical error.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub has_critical: bool,
    /// The flags and variants that it was exposed to.
    #[serde(rename = "x", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exposed: BTreeSet<(FlagKey, VariantName)>,
    /// The segments that its user was in.
    #[serde(rename = "s", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub segments: BTreeSet<SegmentKey>,
    /// The arms that it was in; several if the phase or shares change meanwhile.
    #[serde(rename = "a", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub arms: BTreeSet<Arm>,
    /// The arms in which it had an error that counts.
    #[serde(rename = "ae", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub error_arms: BTreeSet<Arm>,
    /// The arms in which it had a critical error.
    #[serde(rename = "ac", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub critical_arms: BTreeSet<Arm>,
}

impl Session {
    /// Returns the state from one batch; `None` if none of its events is about a user.
    pub(super) fn from_batch(batch: &Batch) -> Option<Self> {
        let visit = &batch.visit;
        let mut events = batch.events.iter().filter(|event| event.kind.is_about_a_user());
        let at = events.next()?.at.timestamp_millis();
        let (mut first, mut last) = (at, at);
        for event in events {
            let at = event.at.timestamp_millis();
            (first, last) = (first.min(at), last.max(at));
        }
        let counted = batch.events.iter().filter_map(|event| match &event.kind {
            EventKind::Error(report) if report.error_count() > 0 => Some(report.severity),
            _ => None,
        });
        let severities: BTreeSet<Severity> = counted.collect();
        let (has_error, has_critical) =
            (!severities.is_empty(), severities.contains(&Severity::Critical));
        let arms: BTreeSet<Arm> = visit.arm.iter().cloned().collect();
        let arms_if = |is_so: bool| if is_so { arms.clone() } else { BTreeSet::new() };
        Some(Self {
            first: (first, visit.device, visit.release.clone(), visit.phase),
            last,
            has_error,
            has_critical,
            error_arms: arms_if(has_error),
            critical_arms: arms_if(has_critical),
            exposed: visit.exposed.iter().map(|(f, v)| (f.clone(), v.clone())).collect(),
            segments: visit.segments.clone(),
            arms,
        })
    }

    /// Merges another state of the same session into this one.
    pub fn merge(&mut self, other: &Self) {
        if other.first < self.first {
            self.first.clone_from(&other.first);
        }
        self.last = self.last.max(other.last);
        self.has_error |= other.has_error;
        self.has_critical |= other.has_critical;
        self.exposed.extend(other.exposed.iter().cloned());
        self.segments.extend(other.segments.iter().cloned());
        self.arms.extend(other.arms.iter().cloned());
        self.error_arms.extend(other.error_arms.iter().cloned());
        self.critical_arms.extend(other.critical_arms.iter().cloned());
    }

    /// Adds the session to the rollups of its first minute. With `is_taken`, removes it from them,
    /// before a newer state is added.
    pub(super) fn apply_to_rollups(
        &self,
        environment: EnvironmentId,
        is_taken: bool,
        rows: &mut Rollups,
    ) {
        let (first, device, release, phase) = &self.first;
        let minute = first.div_euclid(60_000);
        // Milliseconds to millionths of a second, the unit of all durations.
        let duration = u64::try_from(self.last - first).unwrap_or_default().saturating_mul(1_000);
        let visit = Visit {
            device: *device,
            release: release.clone(),
            phase: *phase,
            segments: self.segments.clone(),
            ..Visit::default()
        };
        let mut dimensions = Dimension::from_visit(&visit);
        dimensions.extend(
            self.exposed.iter().map(|(f, v)| Dimension::Flag(f.clone(), v.clone(), *phase)),
        );
        let mut counted: Vec<(Dimension, Metric)> = Vec::new();
        for dimension in dimensions {
            counted.extend(self.has_error.then(|| (dimension.clone(), Metric::ErrorSessions)));
            counted
                .extend(self.has_critical.then(|| (dimension.clone(), Metric::CriticalSessions)));
            counted.push((dimension, Metric::Sessions));
        }
        // A session across a phase change counts in both arms, and its errors in the arm where they
        // occurred. Errors from before the page asked for a flag have no arm, so they count in all.
        let wrong = |happened: bool, arms| match (happened, BTreeSet::is_empty(arms)) {
            (true, true) => &self.arms,
            _ => arms,
        };
        let arms = [
            (&self.arms, Metric::Sessions),
            (wrong(self.has_error, &self.error_arms), Metric::ErrorSessions),
            (wrong(self.has_critical, &self.critical_arms), Metric::CriticalSessions),
        ];
        for (arms, metric) in arms {
            counted.extend(arms.iter().map(|arm| (Dimension::Arm(arm.clone()), metric)));
        }
        for (dimension, metric) in counted {
            let label = String::new();
            let key = RollupKey { environment, metric, dimension, label, minute };
            let row: &mut Aggregate = rows.entry(key).or_default();
            match (is_taken, metric) {
                (false, Metric::Sessions) => row.add_value(duration),
                (true, Metric::Sessions) => row.remove_value(duration),
                (false, _) => row.add_events(1),
                (true, _) => row.remove_events(1),
            }
        }
    }
}
