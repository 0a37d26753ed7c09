//! A rollback being handled: since when it was known, by when something had to be done, and what was
//! learned.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::record::MAX_NOTES;
use crate::{Timestamp, history::ActorName};

/// What was done about it. The guide's three rollbacks and the kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Back to the phase before.
    Immediate,
    /// Half of every share.
    Gradual,
    /// Back to phase 1.
    Full,
    /// All of the rollout's flags off.
    Kill,
}

impl IncidentKind {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Gradual, Self::Immediate, Self::Full, Self::Kill];

    /// As people say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Immediate => "Immediate rollback",
            Self::Gradual => "Gradual rollback",
            Self::Full => "Full rollback",
            Self::Kill => "Kill switch",
        }
    }

    /// What calls for it.
    #[must_use]
    pub fn trigger(self) -> &'static str {
        match self {
            Self::Immediate => "Critical errors, security issues, or a major loss of performance.",
            Self::Gradual => "Performance gets worse, or errors become more frequent.",
            Self::Full => "The business suffers noticeably.",
            Self::Kill => "A feature must stop for all users at once.",
        }
    }

    /// After how long something must have been done, counted from when it was noticed.
    #[must_use]
    pub fn act_within(self) -> TimeDelta {
        match self {
            Self::Immediate | Self::Kill => TimeDelta::minutes(30),
            Self::Gradual => TimeDelta::hours(2),
            Self::Full => TimeDelta::hours(24),
        }
    }

    /// What the guide requires after such an incident.
    #[must_use]
    pub fn follow_up(self) -> &'static str {
        match self {
            Self::Immediate => "Tell everyone on the contact list at once.",
            Self::Gradual => "Look at the numbers twice as often; restore in steps.",
            Self::Full => "Write a post-mortem; without one there is no next advance.",
            Self::Kill => "Tell everyone at once, and bring each flag back on its page.",
        }
    }
}

/// A line that somebody wrote.
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
    /// Who was affected, how, for how long.
    pub impact: String,
    pub timeline: String,
    pub cause: String,
    pub went_well: String,
    /// What is to be done, and by whom.
    pub actions: Vec<FollowUp>,
}

/// Something to be done, by somebody.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FollowUp {
    pub what: String,
    pub owner: String,
}

impl PostMortem {
    /// What is still missing; `None` when it can be filed.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
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

/// A rollback being handled.
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
    /// When something was done about it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub acted_at: Timestamp,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub by: ActorName,
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Who was told, by whom.
    #[serde(default)]
    pub told: Vec<Note>,
    #[serde(default)]
    pub post_mortem: Option<PostMortem>,
    /// When it was over.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub closed_at: Option<Timestamp>,
}

impl Incident {
    /// By when something had to be done.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.detected_at + self.kind.act_within()
    }

    /// From noticing to doing.
    #[must_use]
    pub fn taken(&self) -> TimeDelta {
        self.acted_at - self.detected_at
    }

    /// Whether it was done in time.
    #[must_use]
    pub fn is_in_time(&self) -> bool {
        self.acted_at <= self.deadline()
    }

    /// Whether it is still being handled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether a post-mortem must still be written.
    #[must_use]
    pub fn is_post_mortem_due(&self) -> bool {
        self.kind == IncidentKind::Full && self.post_mortem.is_none()
    }

    pub(super) fn note(&mut self, text: String, by: ActorName, at: Timestamp) {
        push_bounded(&mut self.notes, Note { text, by, at });
    }

    pub(super) fn tell(&mut self, who: String, by: ActorName, at: Timestamp) {
        push_bounded(&mut self.told, Note { text: who, by, at });
    }
}

fn push_bounded(notes: &mut Vec<Note>, note: Note) {
    if notes.len() == MAX_NOTES {
        notes.remove(0);
    }
    notes.push(note);
}
