//! What happened to a rollout, and what it is afterwards. Nothing else changes one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::Throttle,
    history::ActorName,
    ids::{FlagKey, PhaseNumber},
    rollout::{
        Incident, IncidentKind, PlanRevision, Progress, Record, RecordEntry, RolloutState,
        RolloutStatus,
    },
};

/// What happened, for the history.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RolloutEvent {
    Started(Said),
    /// The next phase began.
    Advanced(PhaseChange),
    /// It stays as it is.
    Paused(Said),
    Resumed(Said),
    /// The phase before was restored.
    RolledBack(PhaseChange),
    /// Phase 1 was restored.
    RolledBackFully(PhaseChange),
    /// Every share below 100 % was halved.
    Halved(Throttled),
    /// Every share below 100 % was raised again, by a step.
    Restored(Throttled),
    /// Flags answer with their off variant, whatever the rollout says.
    Killed(Killed),
    /// All phases are done.
    Completed(Said),
    /// It was given up.
    Aborted(Said),
    /// Another revision of the plan is carried out.
    Planned(PlanRevision),
    /// Somebody added to the record.
    Added(RecordEntry),
}

/// What was said about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Whether a rule was overruled.
    pub forced: bool,
    /// Why; may be empty.
    pub reason: String,
}

/// From where to where, and why.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseChange {
    pub from: PhaseNumber,
    /// Where it is now.
    pub to: PhaseNumber,
    /// Whether the gate was overruled.
    pub forced: bool,
    /// What was said about it; may be empty.
    pub reason: String,
    /// For a rollback: when somebody noticed; when it was done, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

/// From which factor to which, and why.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Throttled {
    pub from: Throttle,
    /// What it is now.
    pub to: Throttle,
    /// What was said about it; may be empty.
    pub reason: String,
    /// When somebody noticed; when it was done, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

/// Which flags, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Killed {
    /// Those that the phases reached have added.
    pub flags: Vec<FlagKey>,
    /// What was said about it; may be empty.
    pub reason: String,
    /// When somebody noticed; when it was done, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

impl RolloutEvent {
    /// What was said about it; may be empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Started(said)
            | Self::Paused(said)
            | Self::Resumed(said)
            | Self::Completed(said)
            | Self::Aborted(said) => &said.reason,
            Self::Advanced(moved) | Self::RolledBack(moved) | Self::RolledBackFully(moved) => {
                &moved.reason
            }
            Self::Halved(throttled) | Self::Restored(throttled) => &throttled.reason,
            Self::Killed(killed) => &killed.reason,
            Self::Planned(planned) => &planned.note,
            Self::Added(record_entry) => match record_entry {
                RecordEntry::SignOff { comment, .. }
                | RecordEntry::Vote { comment, .. }
                | RecordEntry::Acknowledge { comment, .. } => comment,
                _ => "",
            },
        }
    }
}

/// As the history says it, after the name of who did it.
impl fmt::Display for RolloutEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(said) if said.forced => {
                f.write_str("started the rollout, and waived the rest of the checklist")
            }
            Self::Started(_) => f.write_str("started the rollout"),
            Self::Advanced(moved) => {
                let forced = if moved.forced { ", by force" } else { "" };
                write!(f, "advanced from phase {} to phase {}{forced}", moved.from, moved.to)
            }
            Self::Paused(_) => f.write_str("paused the rollout"),
            Self::Resumed(_) => f.write_str("resumed the rollout"),
            Self::RolledBack(moved) => {
                write!(f, "rolled back from phase {} to phase {}", moved.from, moved.to)
            }
            Self::RolledBackFully(moved) => {
                write!(f, "rolled all the way back from phase {} to phase {}", moved.from, moved.to)
            }
            Self::Halved(to) => write!(f, "halved the shares, to {} of the plan", to.to),
            Self::Restored(to) => write!(f, "raised the shares again, to {} of the plan", to.to),
            Self::Killed(killed) => {
                let flags: Vec<&str> = killed.flags.iter().map(FlagKey::as_str).collect();
                write!(f, "killed {}", flags.join(", "))
            }
            Self::Completed(said) => {
                f.write_str("completed the rollout")?;
                f.write_str(if said.forced { ", by force" } else { "" })
            }
            Self::Aborted(_) => f.write_str("aborted the rollout"),
            Self::Planned(planned) => write!(f, "brought in {} of the plan", planned.to),
            Self::Added(record_entry) => record_entry.fmt(f),
        }
    }
}

impl fmt::Display for RecordEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledge { alert, .. } => {
                write!(f, "acknowledged the alert \u{201c}{}\u{201d}", alert.title())
            }
            Self::Tick { item, .. } => write!(f, "ticked \u{201c}{}\u{201d}", item.item),
            Self::Untick { item } => write!(f, "took back \u{201c}{}\u{201d}", item.item),
            Self::SignOff { statement, holds: true, .. } => {
                write!(f, "signed off \u{201c}{statement}\u{201d}")
            }
            Self::SignOff { statement, .. } => {
                write!(f, "says that this does not hold: \u{201c}{statement}\u{201d}")
            }
            Self::Vote { go: true, .. } => f.write_str("voted go"),
            Self::Vote { .. } => f.write_str("voted no-go"),
            Self::Note { incident, text } => write!(f, "noted on incident {incident}: {text}"),
            Self::Tell { incident, who } => write!(f, "told {who} of incident {incident}"),
            Self::WritePostMortem { incident, .. } => {
                write!(f, "wrote the post-mortem of incident {incident}")
            }
            Self::CloseIncident { incident } => write!(f, "closed incident {incident}"),
        }
    }
}

impl RolloutState {
    /// What it is after an event. What does not fit to where it is changes nothing: [`super::apply`]
    /// makes no such events.
    #[must_use]
    pub fn after(&self, event: &RolloutEvent, by: &ActorName, at: Timestamp) -> Self {
        let mut next = self.clone();
        let progress = self.status.progress().copied();
        match (event, progress) {
            (RolloutEvent::Started(_), _) => {
                let (phase, throttle) = (PhaseNumber::FIRST, Throttle::NONE);
                next.status = RolloutStatus::Running(Progress { phase, phase_since: at, throttle });
                next.started_at = Some(at);
                next.record.enter(phase);
            }
            (RolloutEvent::Aborted(_), _) => next.status = RolloutStatus::Aborted,
            (RolloutEvent::Added(record_entry), _) => next.record.add(record_entry, by, at),
            (RolloutEvent::Planned(planned), _) => {
                if planned.begins_anew {
                    // What went wrong before is still to be handled.
                    let incidents = next.record.incidents;
                    next = Self {
                        record: Record { incidents, ..Record::default() },
                        ..Self::default()
                    };
                }
            }
            (_, None) => {}
            (RolloutEvent::Paused(_), Some(progress)) => {
                next.status = RolloutStatus::Paused(progress);
            }
            (RolloutEvent::Resumed(_), Some(progress)) => {
                next.status = RolloutStatus::Running(progress);
            }
            (RolloutEvent::Completed(_), Some(progress)) => {
                next.status = RolloutStatus::Completed(progress);
            }
            (
                RolloutEvent::Advanced(moved)
                | RolloutEvent::RolledBack(moved)
                | RolloutEvent::RolledBackFully(moved),
                Some(progress),
            ) => next.enter(moved.to, progress.throttle, at),
            (RolloutEvent::Halved(to) | RolloutEvent::Restored(to), Some(progress)) => {
                next.move_to(Progress { throttle: to.to, ..progress });
            }
            (RolloutEvent::Killed(_), Some(_)) => {}
        }
        if let RolloutEvent::RolledBackFully(_) = event {
            // All users whom phase 1 admits.
            if let Some(progress) = next.status.progress().copied() {
                next.move_to(Progress { throttle: Throttle::NONE, ..progress });
            }
        }
        if let Some(incident) = incident(event, by, at) {
            next.record.open(incident);
            // Votes given before the incident do not cover it.
            next.record.votes.clear();
        }
        if matches!(event, RolloutEvent::Planned(planned) if !planned.is_wording) {
            next.record.votes.clear();
        }
        next
    }

    fn enter(&mut self, phase: PhaseNumber, throttle: Throttle, at: Timestamp) {
        self.move_to(Progress { phase, phase_since: at, throttle });
        self.record.enter(phase);
    }

    /// What has ended is under way again when it is moved; what is paused stays so.
    fn move_to(&mut self, progress: Progress) {
        self.status = match self.status {
            RolloutStatus::Paused(_) => RolloutStatus::Paused(progress),
            _ => RolloutStatus::Running(progress),
        };
    }
}

/// Each rollback opens one.
fn incident(event: &RolloutEvent, by: &ActorName, at: Timestamp) -> Option<Incident> {
    let (kind, reason, detected_at) = match event {
        RolloutEvent::RolledBack(moved) => {
            (IncidentKind::Immediate, &moved.reason, moved.detected_at)
        }
        RolloutEvent::RolledBackFully(moved) => {
            (IncidentKind::Full, &moved.reason, moved.detected_at)
        }
        RolloutEvent::Halved(to) => (IncidentKind::Gradual, &to.reason, to.detected_at),
        RolloutEvent::Killed(killed) => (IncidentKind::Kill, &killed.reason, killed.detected_at),
        _ => return None,
    };
    Some(Incident {
        id: 0,
        kind,
        reason: reason.clone(),
        detected_at: detected_at.unwrap_or(at),
        acted_at: at,
        by: by.clone(),
        notes: Vec::new(),
        told: Vec::new(),
        post_mortem: None,
        closed_at: None,
    })
}
