//! The arms of a phase: users of one audience entry on either side of its share.

use std::collections::BTreeSet;

use super::{AudienceEntry, Phase, Plan};
use crate::{
    events::Arm,
    ids::PhaseNumber,
    targeting::{EVERYONE, Share, Throttle},
};

/// The maximum number of times that the shares of a rollout are halved. Each throttle down to 1/64 has
/// arms of its own; below that, a full rollback is the right command.
pub(crate) const MAX_HALVINGS: usize = 6;

impl Plan {
    /// Returns the audience entries that apply while a phase is served: its own and earlier ones.
    pub fn reached_entries(&self, phase: PhaseNumber) -> impl Iterator<Item = &AudienceEntry> {
        let reached = self.phases.iter().take_while(move |p: &&Phase| p.number <= phase);
        reached.flat_map(|phase| &phase.audience)
    }

    /// Returns the possible arms while a phase is served, for each throttle that a rollout can have.
    #[must_use]
    pub fn possible_arms(&self, phase: PhaseNumber) -> BTreeSet<Arm> {
        let throttles = std::iter::successors(Some(Throttle::NONE), |t| Some(t.halved()));
        let throttles: Vec<Throttle> = throttles.take(MAX_HALVINGS + 1).collect();
        let mut arms = BTreeSet::new();
        for entry in self.reached_entries(phase) {
            for throttle in &throttles {
                let share = entry.share.throttled(*throttle);
                arms.extend(
                    [true, false]
                        .map(|is_treatment| entry.arm_at_share(phase, share, is_treatment)),
                );
            }
        }
        arms
    }

    /// Returns the entry whose arms are compared while a phase is served: of the entries below
    /// 100 %, the one for everyone, or else the one with the largest share. The choice depends on
    /// the plan alone: a choice by measurements would bias the comparison.
    #[must_use]
    pub fn compared_entry(&self, phase: PhaseNumber) -> Option<&AudienceEntry> {
        let parts = self.reached_entries(phase).filter(|entry| entry.share < Share::ALL);
        parts.max_by_key(|entry| (entry.segment.as_str() == EVERYONE, entry.share))
    }

    /// Whether a user can be in the control arm while a phase is served.
    #[must_use]
    pub fn has_control(&self, phase: PhaseNumber) -> bool {
        let mut entries = self.reached_entries(phase);
        let is_for_all =
            |entry: &AudienceEntry| entry.segment.as_str() == EVERYONE && entry.share == Share::ALL;
        let has_part = self.reached_entries(phase).any(|entry| entry.share < Share::ALL);
        has_part && !entries.any(is_for_all)
    }
}

impl AudienceEntry {
    /// Returns the arm on one side of `share`, which may be throttled.
    pub(crate) fn arm_at_share(&self, phase: PhaseNumber, share: Share, is_treatment: bool) -> Arm {
        let (segment, buckets) = (self.segment.clone(), share.buckets());
        Arm { phase, segment, buckets, is_treatment }
    }
}
