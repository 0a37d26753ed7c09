//! The data that evaluations of one environment need, immutable and replaced as a whole.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    flags::{EnvironmentOverride, Flag, FlagState, Flags, IndividualOverride},
    ids::{FlagKey, PhaseNumber},
    rollout::{Audience, FoundEntry, Rollout, RolloutVariables},
    targeting::{Segment, Segments},
};

/// A flag with its state in the environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct FlagEntry {
    /// The index among all flags, ordered by key.
    pub index: usize,
    pub flag: Arc<Flag>,
    pub state: Arc<FlagState>,
    /// The phase of the rollout that adds the flag.
    pub added_in: Option<PhaseNumber>,
    /// The environment override, if one is set.
    pub environment_override: Option<EnvironmentOverride>,
    /// Individual overrides, by targeting key.
    pub overrides: BTreeMap<String, Arc<IndividualOverride>>,
}

/// The parts that a snapshot is built from.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// All flags; archived ones are left out of the snapshot.
    pub flags: Vec<(Arc<Flag>, Arc<FlagState>)>,
    pub segments: Vec<Arc<Segment>>,
    /// The rollout, if a plan is loaded.
    pub rollout: Option<Rollout>,
    pub overrides: Vec<Arc<IndividualOverride>>,
    /// Environment overrides, by flag.
    pub environment_overrides: BTreeMap<FlagKey, EnvironmentOverride>,
    /// Environment overrides of the rollout.
    pub rollout_variables: RolloutVariables,
}

/// An environment's flags, segments and rollout at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    flags: BTreeMap<FlagKey, FlagEntry>,
    segments: Segments,
    rollout: Option<Rollout>,
    rollout_variables: RolloutVariables,
    /// The audience entries of the rollout's plan. They follow from plan and segments, so `eq`
    /// skips them.
    audience: Vec<FoundEntry>,
}

/// Why the rollout does not decide about a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAudience {
    /// The flag belongs to no rollout.
    NoRollout,
    /// The rollout has not reached the phase that adds the flag.
    NotReached { phase: PhaseNumber, current: Option<PhaseNumber> },
}

impl FlagEntry {
    /// Whether an answer may differ between users.
    pub(crate) fn has_targeting(&self) -> bool {
        !self.state.rules.is_empty()
            || !self.state.prerequisites.is_empty()
            || !self.overrides.is_empty()
            || self.added_in.is_some()
    }
}

/// Whether two shared values are equal. Pointers to the same value need no comparison.
fn equals_shared<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn equals_shared_map<K: Eq, T: PartialEq>(
    a: &BTreeMap<K, Arc<T>>,
    b: &BTreeMap<K, Arc<T>>,
) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((x, a), (y, b))| x == y && equals_shared(a, b))
}

impl PartialEq for FlagEntry {
    fn eq(&self, other: &Self) -> bool {
        equals_shared(&self.flag, &other.flag)
            && equals_shared(&self.state, &other.state)
            && (self.index, self.added_in, &self.environment_override)
                == (other.index, other.added_in, &other.environment_override)
            && equals_shared_map(&self.overrides, &other.overrides)
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.flags == other.flags
            && equals_shared_map(&self.segments, &other.segments)
            && self.rollout == other.rollout
            && self.rollout_variables == other.rollout_variables
    }
}

impl Snapshot {
    /// Builds a snapshot. Archived flags are left out, and overrides without a flag are ignored.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            flags,
            segments,
            rollout,
            overrides,
            mut environment_overrides,
            rollout_variables,
        } = parts;
        let mut flags: BTreeMap<FlagKey, FlagEntry> = flags
            .into_iter()
            .filter(|(flag, _)| !flag.archived)
            .map(|(flag, state)| {
                let added_in = rollout.as_ref().and_then(|r| r.plan.phase_that_adds(&flag.key));
                let environment_override = environment_overrides.remove(&flag.key);
                let overrides = BTreeMap::new();
                let key = flag.key.clone();
                (
                    key,
                    FlagEntry { index: 0, flag, state, added_in, environment_override, overrides },
                )
            })
            .collect();
        for (index, entry) in flags.values_mut().enumerate() {
            entry.index = index;
        }
        for personal in overrides {
            if let Some(entry) = flags.get_mut(&personal.flag) {
                entry.overrides.insert(personal.targeting_key.clone(), personal);
            }
        }
        let segments = segments.into_iter().map(|s| (s.key.clone(), s)).collect();
        let audience =
            rollout.as_ref().map(|rollout| FoundEntry::resolve_entries(&rollout.plan, &segments));
        let audience = audience.unwrap_or_default();
        Self { flags, segments, rollout, rollout_variables, audience }
    }

    /// Returns a flag by key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<&FlagEntry> {
        self.flags.get(key)
    }

    /// Iterates over all flags that are not archived, ordered by key.
    pub fn flags(&self) -> impl ExactSizeIterator<Item = &FlagEntry> {
        self.flags.values()
    }

    /// All flags that are not archived, in the form that validation takes.
    #[must_use]
    pub fn known_flags(&self) -> Flags<'_> {
        self.flags.iter().map(|(key, entry)| (key, (&*entry.flag, &*entry.state))).collect()
    }

    /// The rollout, if a plan is loaded.
    #[must_use]
    pub fn rollout(&self) -> Option<&Rollout> {
        self.rollout.as_ref()
    }

    /// The environment overrides of the rollout.
    #[must_use]
    pub fn rollout_variables(&self) -> &RolloutVariables {
        &self.rollout_variables
    }

    /// Returns the snapshot with other environment overrides of the rollout.
    #[must_use]
    pub fn with_variables(self, rollout_variables: RolloutVariables) -> Self {
        Self { rollout_variables, ..self }
    }

    /// The phase that is served: that of the environment override, else the rollout's own. `None`
    /// without a rollout.
    #[must_use]
    pub fn serving_phase(&self) -> Option<PhaseNumber> {
        let rollout = self.rollout.as_ref()?;
        let pinned = self.rollout_variables.phase.as_ref().map(|(_, phase)| *phase);
        pinned.or_else(|| rollout.state.status.serving_phase())
    }

    /// All segments, by key.
    #[must_use]
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Returns the rollout and the audience that decide about a flag, or why they do not. They are
    /// the same for all flags that the rollout decides about.
    pub(crate) fn audience_of(
        &self,
        entry: &FlagEntry,
    ) -> Result<(&Rollout, Audience<'_>), NoAudience> {
        let (Some(rollout), Some(phase)) = (&self.rollout, entry.added_in) else {
            return Err(NoAudience::NoRollout);
        };
        let current = self.serving_phase();
        let Some(reached) = current.filter(|current| phase <= *current) else {
            return Err(NoAudience::NotReached { phase, current });
        };
        let variables = &self.rollout_variables;
        let (entries, segments) = (&*self.audience, &self.segments);
        Ok((rollout, Audience { entries, reached, variables, segments }))
    }

    /// Returns all references to a segment: from rules, then other segments, then phases.
    #[must_use]
    pub fn uses_of_segment(&self, key: &str) -> Vec<SegmentUse> {
        let asks = |condition: &crate::targeting::Condition| {
            condition.segments().iter().any(|segment| segment.as_str() == key)
        };
        let rules = self.flags.values().flat_map(|entry| {
            let rules = entry.state.rules.iter().enumerate();
            let rules = rules.filter(|(_, rule)| asks(&rule.condition));
            rules.map(|(index, _)| SegmentUse::Rule {
                flag: entry.flag.key.clone(),
                rule: index + 1,
            })
        });
        let segments = self.segments.values().filter(|segment| asks(&segment.condition));
        let segments = segments.map(|s| SegmentUse::Segment { segment: s.key.clone() });
        let phases = self.rollout.iter().flat_map(|rollout| {
            let phases = rollout.plan.phases.iter();
            let phases =
                phases.filter(|phase| phase.audience.iter().any(|e| e.segment.as_str() == key));
            phases.map(|phase| SegmentUse::Phase {
                rollout: rollout.key.clone(),
                phase: phase.number,
            })
        });
        rules.chain(segments).chain(phases).collect()
    }
}

/// A reference to a segment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SegmentUse {
    Rule {
        flag: FlagKey,
        /// The rule, counted from 1.
        rule: usize,
    },
    Segment {
        segment: crate::ids::SegmentKey,
    },
    Phase {
        rollout: crate::ids::RolloutKey,
        #[cfg_attr(feature = "openapi", schema(value_type = u16))]
        phase: PhaseNumber,
    },
}

impl std::fmt::Display for SegmentUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rule { flag, rule } => write!(f, "rule {rule} of {flag}"),
            Self::Segment { segment } => write!(f, "the segment {segment}"),
            Self::Phase { rollout, phase } => write!(f, "phase {phase} of {rollout}"),
        }
    }
}
