//! Which users a phase of the plan compares: those of one audience entry, on either side of its share.

use std::collections::BTreeSet;

use super::{AudienceEntry, Phase, Plan};
use crate::{
    events::Arm,
    ids::PhaseNumber,
    targeting::{EVERYONE, Share, Throttle},
};

/// In how many steps of the throttle users are told apart.
const HALVINGS: usize = 5;

impl Plan {
    /// The audience entries that count while a phase is served: its own and those of all before.
    pub fn entries(&self, phase: PhaseNumber) -> impl Iterator<Item = &AudienceEntry> {
        let reached = self.phases.iter().take_while(move |p: &&Phase| p.number <= phase);
        reached.flat_map(|phase| &phase.audience)
    }

    /// All arms that there can be while a phase is served, with shares that were halved a few times,
    /// too.
    #[must_use]
    pub fn arms(&self, phase: PhaseNumber) -> BTreeSet<Arm> {
        let throttles = std::iter::successors(Some(Throttle::NONE), |t| Some(t.halved()));
        let throttles: Vec<Throttle> = throttles.take(HALVINGS).collect();
        let mut arms = BTreeSet::new();
        for entry in self.entries(phase) {
            for throttle in &throttles {
                let share = entry.share.throttled(*throttle);
                arms.extend(
                    [true, false].map(|is_treatment| entry.arm(phase, share, is_treatment)),
                );
            }
        }
        arms
    }

    /// The entry whose two sides are compared while a phase is served, as planned: everyone's, if part of
    /// them is outside, or else that with the largest share. Always the same one: a choice by what is
    /// measured would bias the comparison.
    #[must_use]
    pub fn compared_entry(&self, phase: PhaseNumber) -> Option<&AudienceEntry> {
        let parts = self.entries(phase).filter(|entry| entry.share < Share::ALL);
        parts.max_by_key(|entry| (entry.segment.as_str() == EVERYONE, entry.share))
    }

    /// Whether a user can be in the control arm while a phase is served.
    #[must_use]
    pub fn has_control(&self, phase: PhaseNumber) -> bool {
        let mut entries = self.entries(phase);
        let is_for_all =
            |entry: &AudienceEntry| entry.segment.as_str() == EVERYONE && entry.share == Share::ALL;
        let has_part = self.entries(phase).any(|entry| entry.share < Share::ALL);
        has_part && !entries.any(is_for_all)
    }
}

impl AudienceEntry {
    /// The arm on one side of a share of the entry.
    pub(crate) fn arm(&self, phase: PhaseNumber, share: Share, is_treatment: bool) -> Arm {
        let (segment, buckets) = (self.segment.clone(), share.buckets());
        Arm { phase, segment, buckets, is_treatment }
    }
}
