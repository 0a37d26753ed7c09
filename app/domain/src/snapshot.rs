//! All that is needed to answer for one environment, immutable and swapped in whole.

use std::collections::BTreeMap;

use crate::{
    Timestamp,
    context::EvaluationContext,
    flags::{Flag, FlagState, Step, Trace},
    ids::{FlagKey, PhaseNumber, SegmentKey},
    rollout::{Membership, Rollout},
    segments::Segment,
};

/// A flag with its state in the environment.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagEntry {
    /// What it is.
    pub flag: Flag,
    /// Whether it is on here.
    pub state: FlagState,
    /// The phase of the rollout that adds it.
    pub added_in: Option<PhaseNumber>,
}

/// An environment's flags, segments and rollout at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    flags: BTreeMap<FlagKey, FlagEntry>,
    segments: BTreeMap<SegmentKey, Segment>,
    rollout: Option<Rollout>,
}

impl Snapshot {
    /// Puts the parts together and notes which phase adds which flag.
    #[must_use]
    pub fn new(
        flags: Vec<(Flag, FlagState)>,
        segments: Vec<Segment>,
        rollout: Option<Rollout>,
    ) -> Self {
        let flags = flags
            .into_iter()
            .map(|(flag, state)| {
                let added_in = rollout.as_ref().and_then(|r| r.plan.phase_that_adds(&flag.key));
                (flag.key.clone(), FlagEntry { flag, state, added_in })
            })
            .collect();
        let segments = segments.into_iter().map(|s| (s.key.clone(), s)).collect();
        Self { flags, segments, rollout }
    }

    /// The flag of that key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<&FlagEntry> {
        self.flags.get(key)
    }

    /// All flags, by key.
    pub fn flags(&self) -> impl ExactSizeIterator<Item = &FlagEntry> {
        self.flags.values()
    }

    /// The rollout, if a plan is loaded.
    #[must_use]
    pub fn rollout(&self) -> Option<&Rollout> {
        self.rollout.as_ref()
    }

    /// The segment of that key.
    #[must_use]
    pub fn segment(&self, key: &str) -> Option<&Segment> {
        self.segments.get(key)
    }

    /// The rollout's verdict on a user for one flag; `None` when it has nothing to say.
    pub(crate) fn membership<'a>(
        &'a self,
        entry: &FlagEntry,
        context: &EvaluationContext,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> Option<Membership<'a>> {
        let (Some(rollout), Some(phase)) = (&self.rollout, entry.added_in) else {
            trace.step(|| Step::NoRollout);
            return None;
        };
        let current = rollout.state.serving_phase();
        if current.is_none_or(|current| current < phase) {
            trace.step(|| Step::NotReached { phase, current });
            return None;
        }
        Some(rollout.membership(&self.segments, context, now, trace))
    }
}
