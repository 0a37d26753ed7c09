//! The record of a rollout: ticks, sign-offs, votes, acknowledgements and notes on incidents.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alerts::AlertKind,
    ids::{ActorName, PhaseNumber},
    incidents::{Incident, PostMortem},
    plan::ChecklistItem,
};

/// Maximum incidents in a record; the audit log keeps all.
const MAX_INCIDENTS: usize = 50;

/// A checklist item that an account has ticked.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecklistTick {
    #[serde(flatten)]
    pub item: ChecklistItem,
    /// A link to the proof; may be empty.
    #[serde(default)]
    pub link: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// A sign-off: the judgement on a criterion that cannot be measured.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignOff {
    /// The statement of the criterion in the plan.
    pub statement: String,
    pub holds: bool,
    /// The comment; it may be empty.
    #[serde(default)]
    pub comment: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// A vote on leaving the current phase.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Vote {
    pub go: bool,
    /// The reason; may be empty.
    #[serde(default)]
    pub comment: String,
    /// The account; its last vote counts.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// Everything that accounts have recorded about a rollout.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Record {
    /// Items that are done.
    pub ticks: Vec<ChecklistTick>,
    /// The sign-offs of the current phase.
    pub sign_offs: Vec<SignOff>,
    /// Votes on leaving the current phase; one per account.
    pub votes: Vec<Vote>,
    /// Alerts that accounts have acknowledged.
    pub acknowledged: Vec<Acknowledgement>,
    pub incidents: Vec<Incident>,
}

/// Hours until an acknowledgement expires. Alerts look back two days, so by then the alert has
/// recovered or fires again.
const ACKNOWLEDGED_HOURS: i64 = 48;

/// The acknowledgement of an alert, so that the rollout may go on.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    pub alert: AlertKind,
    /// Why the rollout may go on.
    pub comment: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// An entry of the record, as accounts add it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordEntry {
    /// Ticks a checklist item as done.
    Tick {
        #[serde(flatten)]
        item: ChecklistItem,
        /// A link to the proof; may be empty.
        #[serde(default)]
        link: String,
    },
    /// Removes the tick of an item.
    Untick {
        #[serde(flatten)]
        item: ChecklistItem,
    },
    /// A judgement on a criterion of the current phase.
    SignOff {
        /// The statement of the criterion in the plan.
        statement: String,
        holds: bool,
        /// The comment; it may be empty.
        #[serde(default)]
        comment: String,
    },
    /// A vote on leaving the current phase.
    Vote {
        go: bool,
        /// The reason; required for a no-go.
        #[serde(default)]
        comment: String,
    },
    /// Acknowledges an alert, so that the rollout may go on.
    Acknowledge {
        alert: AlertKind,
        /// Why the rollout may go on.
        comment: String,
    },
    /// A note on an incident.
    Note { incident: u32, text: String },
    /// Records that a contact was notified of an incident.
    Notify { incident: u32, contact: String },
    /// The post-mortem of an incident, written once.
    WritePostMortem {
        incident: u32,
        #[serde(flatten)]
        post_mortem: PostMortem,
    },
    /// Closes an open incident.
    CloseIncident { incident: u32 },
}

impl RecordEntry {
    /// The incident that it is about.
    #[must_use]
    pub fn incident(&self) -> Option<u32> {
        match self {
            Self::Note { incident, .. }
            | Self::Notify { incident, .. }
            | Self::WritePostMortem { incident, .. }
            | Self::CloseIncident { incident } => Some(*incident),
            _ => None,
        }
    }
}

impl Record {
    /// The tick of an item, if it is done.
    #[must_use]
    pub fn find_tick(&self, item: &ChecklistItem) -> Option<&ChecklistTick> {
        self.ticks.iter().find(|tick| tick.item == *item)
    }

    /// The sign-off of a criterion, if there is one.
    #[must_use]
    pub fn find_sign_off(&self, statement: &str) -> Option<&SignOff> {
        self.sign_offs.iter().find(|judged| judged.statement == statement)
    }

    /// The acknowledgement of an alert, unless it has expired.
    #[must_use]
    pub fn find_acknowledgement(
        &self,
        alert: AlertKind,
        now: Timestamp,
    ) -> Option<&Acknowledgement> {
        let holds = |known: &&Acknowledgement| {
            known.alert == alert && now - known.at < TimeDelta::hours(ACKNOWLEDGED_HOURS)
        };
        self.acknowledged.iter().find(holds)
    }

    /// The incident of that number.
    #[must_use]
    pub fn find_incident(&self, id: u32) -> Option<&Incident> {
        self.incidents.iter().find(|incident| incident.id == id)
    }

    /// The incident whose post-mortem must be written before the next advance.
    #[must_use]
    pub fn find_due_post_mortem(&self) -> Option<&Incident> {
        self.incidents.iter().find(|incident| incident.is_post_mortem_due())
    }

    /// The incidents that are being handled, the newest first.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().rev().filter(|incident| incident.is_open())
    }

    pub(super) fn open_incident(&mut self, mut incident: Incident) {
        incident.id = self.incidents.last().map_or(1, |last| last.id.saturating_add(1));
        if self.incidents.len() == MAX_INCIDENTS {
            // Open incidents are removed last, and one with a due post-mortem never: only one can
            // be due, because the rollout does not advance until it is written.
            let closed = self.incidents.iter().position(|old| !old.is_open());
            let free = || self.incidents.iter().position(|old| !old.is_post_mortem_due());
            self.incidents.remove(closed.or_else(free).unwrap_or(0));
        }
        self.incidents.push(incident);
    }

    /// Clears votes and sign-offs, and the ticks of this and later phases: all are given anew.
    pub(super) fn clear_for_phase(&mut self, phase: PhaseNumber) {
        self.votes.clear();
        self.sign_offs.clear();
        self.ticks.retain(|tick| tick.item.phase.is_none_or(|of| of < phase));
    }

    pub(super) fn add_entry(&mut self, record_entry: &RecordEntry, by: &ActorName, at: Timestamp) {
        let by = by.clone();
        match record_entry.clone() {
            RecordEntry::Tick { item, link } => {
                self.ticks.retain(|tick| tick.item != item);
                self.ticks.push(ChecklistTick { item, link, by, at });
            }
            RecordEntry::Untick { item } => self.ticks.retain(|tick| tick.item != item),
            RecordEntry::SignOff { statement, holds, comment } => {
                self.sign_offs.retain(|judged| judged.statement != statement);
                self.sign_offs.push(SignOff { statement, holds, comment, by, at });
            }
            RecordEntry::Vote { go, comment } => {
                self.votes.retain(|vote| vote.by != by);
                self.votes.push(Vote { go, comment, by, at });
            }
            RecordEntry::Acknowledge { alert, comment } => {
                self.acknowledged.retain(|known| known.alert != alert);
                self.acknowledged.push(Acknowledgement { alert, comment, by, at });
            }
            RecordEntry::Note { incident, text } => {
                self.update_incident(incident, |incident| incident.add_note(text, by, at));
            }
            RecordEntry::Notify { incident, contact } => {
                self.update_incident(incident, |incident| {
                    incident.add_notified_contact(contact, by, at);
                });
            }
            RecordEntry::WritePostMortem { incident, post_mortem } => {
                self.update_incident(incident, |incident| incident.post_mortem = Some(post_mortem));
            }
            RecordEntry::CloseIncident { incident } => {
                self.update_incident(incident, |incident| incident.closed_at = Some(at));
            }
        }
    }

    fn update_incident(&mut self, id: u32, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.incidents.iter_mut().find(|incident| incident.id == id) {
            change(incident);
        }
    }
}
