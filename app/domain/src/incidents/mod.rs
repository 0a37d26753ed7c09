//! Incidents: their detection time, deadline, notes and post-mortem.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ActorName};

/// Maximum notes, and maximum notified contacts, of an incident; the oldest are dropped.
const MAX_NOTES: usize = 100;

/// The response to an incident: one of the guide's three rollbacks, or the kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Rollback to the phase before.
    Immediate,
    /// Halving of every share below 100 %.
    Gradual,
    /// Full rollback to phase 1.
    Full,
    /// Kill of all flags of the phases reached.
    Kill,
}

impl IncidentKind {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Gradual, Self::Immediate, Self::Full, Self::Kill];

    /// The name that the admin shows.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Immediate => "Immediate rollback",
            Self::Gradual => "Gradual rollback",
            Self::Full => "Full rollback",
            Self::Kill => "Kill switch",
        }
    }

    /// The situations that call for it.
    #[must_use]
    pub fn trigger(self) -> &'static str {
        match self {
            Self::Immediate => "Critical errors, security issues, or a major loss of performance.",
            Self::Gradual => "Performance gets worse, or errors become more frequent.",
            Self::Full => "The business is affected noticeably.",
            Self::Kill => "A feature must stop for all users at once.",
        }
    }

    /// The deadline of the response, counted from the detection.
    #[must_use]
    pub fn act_within(self) -> TimeDelta {
        match self {
            Self::Immediate | Self::Kill => TimeDelta::minutes(30),
            Self::Gradual => TimeDelta::hours(2),
            Self::Full => TimeDelta::hours(24),
        }
    }

    /// The follow-up that the guide requires.
    #[must_use]
    pub fn follow_up(self) -> &'static str {
        match self {
            Self::Immediate => "Notify all contacts at once.",
            Self::Gradual => "Check the metrics twice as often; restore the shares in steps.",
            Self::Full => "Write a post-mortem; the next advance requires it.",
            Self::Kill => "Notify all contacts at once, and revive each flag on its page.",
        }
    }
}

/// A note on an incident, with author and time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    pub text: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// The findings that are written after an incident.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PostMortem {
    /// The affected users, the effect and its duration.
    pub impact: String,
    pub timeline: String,
    pub cause: String,
    pub went_well: String,
    /// The follow-up actions with their owners.
    pub actions: Vec<FollowUp>,
}

/// A follow-up action with its owner.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FollowUp {
    pub what: String,
    pub owner: String,
}

impl PostMortem {
    /// Returns the post-mortem without actions that have neither text nor owner, such as empty rows
    /// of a form.
    #[must_use]
    pub fn without_empty_actions(mut self) -> Self {
        let is_blank = |text: &str| text.trim().is_empty();
        self.actions.retain(|action| !is_blank(&action.what) || !is_blank(&action.owner));
        self
    }

    /// The first required field that is empty; `None` if it is complete.
    #[must_use]
    pub fn missing_field(&self) -> Option<&'static str> {
        let is_blank = |text: &str| text.trim().is_empty();
        let unowned = |action: &FollowUp| is_blank(&action.what) || is_blank(&action.owner);
        match self {
            Self { impact, .. } if is_blank(impact) => Some("impact"),
            Self { timeline, .. } if is_blank(timeline) => Some("timeline"),
            Self { cause, .. } if is_blank(cause) => Some("cause"),
            Self { went_well, .. } if is_blank(went_well) => Some("went_well"),
            Self { actions, .. } if actions.is_empty() || actions.iter().any(unowned) => {
                Some("actions")
            }
            _ => None,
        }
    }
}

/// An incident: a rollback or kill that is being handled.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Its number, from 1.
    pub id: u32,
    pub kind: IncidentKind,
    pub reason: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub detected_at: Timestamp,
    /// The time of the rollback or kill.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub acted_at: Timestamp,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[serde(default)]
    pub notes: Vec<Note>,
    /// The contacts that were told, and by whom.
    #[serde(default)]
    pub notified: Vec<Note>,
    #[serde(default)]
    pub post_mortem: Option<PostMortem>,
    /// The time at which it was closed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub closed_at: Option<Timestamp>,
}

impl Incident {
    /// The deadline for the rollback or kill.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.detected_at + self.kind.act_within()
    }

    /// The time from detection to response.
    #[must_use]
    pub fn response_time(&self) -> TimeDelta {
        self.acted_at - self.detected_at
    }

    /// Whether the response met the deadline.
    #[must_use]
    pub fn is_in_time(&self) -> bool {
        self.acted_at <= self.deadline()
    }

    /// Whether the incident is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether a post-mortem must still be written.
    #[must_use]
    pub fn is_post_mortem_due(&self) -> bool {
        self.kind == IncidentKind::Full && self.post_mortem.is_none()
    }

    pub(super) fn add_note(&mut self, text: String, by: ActorName, at: Timestamp) {
        push_bounded(&mut self.notes, Note { text, by, at });
    }

    pub(super) fn add_notified_contact(&mut self, contact: String, by: ActorName, at: Timestamp) {
        push_bounded(&mut self.notified, Note { text: contact, by, at });
    }
}

fn push_bounded(notes: &mut Vec<Note>, note: Note) {
    if notes.len() == MAX_NOTES {
        notes.remove(0);
    }
    notes.push(note);
}
