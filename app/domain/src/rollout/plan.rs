//! The plan: ordered phases, and the file that brings it with its flags and segments.

use serde::{Deserialize, Serialize};

use crate::{
    bucket::Share,
    flags::Flag,
    ids::{FlagKey, PhaseNumber, RolloutKey, SegmentKey},
    rollout::{ChecklistItem, Criterion, Kpi},
    segments::Segment,
};

/// Who a phase lets in: a share of a segment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceEntry {
    pub segment: SegmentKey,
    /// How much of it, in per cent.
    pub share: Share,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its place, from 1.
    pub number: PhaseNumber,
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The planned ceiling: the part of all active users that may see the features.
    pub percentage: Share,
    /// Who is let in; adds to the phases before.
    pub audience: Vec<AudienceEntry>,
    /// The flags that it adds to the phases before.
    #[serde(default)]
    pub flags: Vec<FlagKey>,
    /// Days before the next phase may begin.
    #[serde(default)]
    pub minimum_days: u16,
    /// Days after which it takes too long; without one the phase is ongoing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_days: Option<u16>,
    /// What it must show.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// What must be done before it can be left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<String>,
}

impl Phase {
    /// What a person must judge.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.criteria.iter().filter_map(|criterion| match criterion {
            Criterion::SignedOff { statement } => Some(statement.as_str()),
            Criterion::Automatic(_) => None,
        })
    }
}

/// Things to be done before the start, under one heading.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistGroup {
    pub name: String,
    /// What is to be done.
    pub items: Vec<String>,
}

/// Somebody to turn to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What for: the guide has a rollout, technical, product and support lead.
    pub role: String,
    /// Who; empty until somebody is named.
    #[serde(default)]
    pub name: String,
    /// How: an address, a number, a channel.
    #[serde(default)]
    pub reach: String,
}

/// Ordered phases; immutable once started.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Which rollout carries it out.
    pub key: RolloutKey,
    /// What people call it.
    pub name: String,
    /// The guide's revision history, `v1.0` at first.
    pub revision: String,
    #[serde(default)]
    pub description: String,
    /// How many must say go before a phase is left.
    #[serde(default)]
    pub quorum: u16,
    /// Whether server tokens may vote, for the account that answers for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_votes: bool,
    pub phases: Vec<Phase>,
    /// What must be done before the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistGroup>,
    /// What the whole of it is to reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kpis: Vec<Kpi>,
    /// Whom to turn to, and whom to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// A plan as a file, with the flags and segments that it needs.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// The file format's version; this code reads [`PlanFile::FORMAT`].
    pub format: u32,
    /// The segments that the audiences name.
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// The flags that the phases add.
    #[serde(default)]
    pub flags: Vec<Flag>,
    #[serde(flatten)]
    pub plan: Plan,
}

impl Plan {
    /// The phase of that number.
    #[must_use]
    pub fn phase(&self, number: PhaseNumber) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.number == number)
    }

    /// The last phase's number.
    #[must_use]
    pub fn last_phase(&self) -> PhaseNumber {
        self.phases.last().map_or(PhaseNumber::FIRST, |phase| phase.number)
    }

    /// What must be done before the start.
    #[must_use]
    pub fn start_items(&self) -> Vec<ChecklistItem> {
        self.items_of(None)
    }

    /// What must be done before a phase is left; before the start without one.
    #[must_use]
    pub fn items_of(&self, phase: Option<PhaseNumber>) -> Vec<ChecklistItem> {
        let items: Vec<&String> = match phase {
            None => self.checklist.iter().flat_map(|group| &group.items).collect(),
            Some(number) => self.phase(number).into_iter().flat_map(|p| &p.checklist).collect(),
        };
        items.into_iter().map(|item| ChecklistItem { phase, item: item.clone() }).collect()
    }

    /// All items of all checklists.
    #[must_use]
    pub fn items(&self) -> Vec<ChecklistItem> {
        let phases = self.phases.iter().map(|phase| Some(phase.number));
        std::iter::once(None).chain(phases).flat_map(|phase| self.items_of(phase)).collect()
    }

    /// The phase that adds a flag.
    #[must_use]
    pub fn phase_that_adds(&self, flag: &FlagKey) -> Option<PhaseNumber> {
        self.phases.iter().find(|phase| phase.flags.contains(flag)).map(|phase| phase.number)
    }
}
