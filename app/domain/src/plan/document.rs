//! The plan with its ordered phases, and the file format that adds its flags and segments.

use serde::{Deserialize, Serialize};

use super::{Criterion, Kpi};
use crate::{
    flags::Flag,
    ids::{FlagKey, PhaseNumber, RolloutKey, SegmentKey},
    targeting::{Segment, Share},
};

/// An audience entry of a phase: a share of a segment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceEntry {
    pub segment: SegmentKey,
    /// The admitted share, in per cent.
    pub share: Share,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The number of the phase, from 1.
    pub number: PhaseNumber,
    /// The name that the admin shows.
    pub name: String,
    /// The purpose of the phase.
    #[serde(default)]
    pub description: String,
    /// The planned maximum share of all active users that get the features.
    pub percentage: Share,
    /// The audience; adds to the audiences of the phases before.
    pub audience: Vec<AudienceEntry>,
    /// The flags that the phase adds.
    #[serde(default)]
    pub flags: Vec<FlagKey>,
    /// Days before the next phase may begin.
    #[serde(default)]
    pub minimum_days: u16,
    /// The planned maximum, in days; without one, the phase is open-ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_days: Option<u16>,
    /// The criteria for leaving the phase.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// The checklist for leaving the phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<String>,
}

impl Phase {
    /// The statements of criteria that need a sign-off.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.criteria.iter().filter_map(|criterion| match criterion {
            Criterion::SignedOff { statement } => Some(statement.as_str()),
            Criterion::Automatic(_) => None,
        })
    }
}

/// An item of a checklist; without a phase, of the checklist before the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecklistItem {
    /// The phase of the checklist; `None` for the checklist before the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>))]
    pub phase: Option<PhaseNumber>,
    /// The text of the item in the plan.
    pub item: String,
}

/// A group of checklist items before the start.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistGroup {
    pub name: String,
    pub items: Vec<String>,
}

/// A contact for questions about the rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The role: the guide has a rollout, technical, product and support lead.
    pub role: String,
    /// The name; empty until it is known.
    #[serde(default)]
    pub name: String,
    /// An address, number or channel.
    #[serde(default)]
    pub reach: String,
}

/// The plan of a rollout: ordered phases. Immutable once started; changes are revisions.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The key of the rollout.
    pub key: RolloutKey,
    /// The name that the admin shows.
    pub name: String,
    /// The revision, `v1.0` at first.
    pub revision: String,
    #[serde(default)]
    pub description: String,
    /// The number of go votes for leaving a phase.
    #[serde(default)]
    pub quorum: u16,
    /// Whether server tokens may vote, for the account that owns them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_votes: bool,
    pub phases: Vec<Phase>,
    /// The checklist before the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistGroup>,
    /// The KPIs of the whole rollout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kpis: Vec<Kpi>,
    /// The contacts of the rollout.
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

    /// The checklist before the start.
    #[must_use]
    pub fn start_items(&self) -> Vec<ChecklistItem> {
        self.checklist_items(None)
    }

    /// Returns the checklist of a phase; without a phase, the checklist before the start.
    #[must_use]
    pub fn checklist_items(&self, phase: Option<PhaseNumber>) -> Vec<ChecklistItem> {
        let items: Vec<&String> = match phase {
            None => self.checklist.iter().flat_map(|group| &group.items).collect(),
            Some(number) => self.phase(number).into_iter().flat_map(|p| &p.checklist).collect(),
        };
        items.into_iter().map(|item| ChecklistItem { phase, item: item.clone() }).collect()
    }

    /// All items of all checklists.
    #[must_use]
    pub fn all_checklist_items(&self) -> Vec<ChecklistItem> {
        let phases = self.phases.iter().map(|phase| Some(phase.number));
        std::iter::once(None).chain(phases).flat_map(|phase| self.checklist_items(phase)).collect()
    }

    /// The phase that adds a flag.
    #[must_use]
    pub fn phase_that_adds(&self, flag: &FlagKey) -> Option<PhaseNumber> {
        self.phases.iter().find(|phase| phase.flags.contains(flag)).map(|phase| phase.number)
    }
}
