//! The events of a rollout and the state after each. Only events change a rollout.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PlanRevision, Progress, Record, RecordEntry, RolloutState, RolloutStatus};
use crate::{
    Timestamp,
    ids::{ActorName, FlagKey, PhaseNumber},
    incidents::{Incident, IncidentKind},
    targeting::Throttle,
};

/// An event of a rollout, as the audit log stores it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RolloutEvent {
    Started(ReasonedCommand),
    /// The next phase began.
    Advanced(PhaseChange),
    /// The rollout was paused.
    Paused(ReasonedCommand),
    Resumed(ReasonedCommand),
    /// The phase before was restored.
    RolledBack(PhaseChange),
    /// Phase 1 was restored.
    RolledBackFully(PhaseChange),
    /// Every share below 100 % was halved.
    Halved(ThrottleChange),
    /// Every share below 100 % was raised again, by a step.
    Restored(ThrottleChange),
    /// Flags answer with their off variant, whatever the rollout says.
    Killed(Killed),
    /// All phases are done.
    Completed(ReasonedCommand),
    /// The rollout was aborted.
    Aborted(ReasonedCommand),
    /// A plan or a new revision of it was imported.
    Planned(PlanRevision),
    /// An entry was added to the record.
    Added(RecordEntry),
}

/// The reason, and whether a rule was overruled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReasonedCommand {
    /// Whether a rule was overruled.
    pub forced: bool,
    /// The reason; may be empty.
    pub reason: String,
}

/// A change of the phase, with its reason.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseChange {
    pub from: PhaseNumber,
    /// The phase after the change.
    pub to: PhaseNumber,
    /// Whether the gate was overruled.
    pub forced: bool,
    /// The reason; may be empty.
    pub reason: String,
    /// For a rollback: the time of detection; without one, the time of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

/// A change of the throttle, with its reason.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThrottleChange {
    pub from: Throttle,
    /// The throttle after the change.
    pub to: Throttle,
    /// The reason; may be empty.
    pub reason: String,
    /// The time of detection; without one, the time of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

/// The killed flags, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Killed {
    /// The flags of the phases reached.
    pub flags: Vec<FlagKey>,
    /// The reason; may be empty.
    pub reason: String,
    /// The time of detection; without one, the time of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

impl RolloutEvent {
    /// The reason; may be empty.
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

/// A predicate for the audit log, which follows the name of the actor.
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
            Self::Notify { incident, contact } => {
                write!(f, "notified {contact} of incident {incident}")
            }
            Self::WritePostMortem { incident, .. } => {
                write!(f, "wrote the post-mortem of incident {incident}")
            }
            Self::CloseIncident { incident } => write!(f, "closed incident {incident}"),
        }
    }
}

impl RolloutState {
    /// The state after an event. An event that does not fit the status changes nothing;
    /// [`super::apply_command`] never returns one.
    #[must_use]
    pub fn apply_event(&self, event: &RolloutEvent, by: &ActorName, at: Timestamp) -> Self {
        let mut next = self.clone();
        let progress = self.status.progress().copied();
        match (event, progress) {
            (RolloutEvent::Started(_), _) => {
                let (phase, throttle) = (PhaseNumber::FIRST, Throttle::NONE);
                next.status = RolloutStatus::Running(Progress { phase, phase_since: at, throttle });
                next.started_at = Some(at);
                next.record.clear_for_phase(phase);
            }
            (RolloutEvent::Aborted(_), _) => next.status = RolloutStatus::Aborted,
            (RolloutEvent::Added(record_entry), _) => next.record.add_entry(record_entry, by, at),
            (RolloutEvent::Planned(planned), _) => {
                if planned.begins_anew {
                    // Incidents from before still have to be handled.
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
            ) => next.enter_phase(moved.to, progress.throttle, at),
            (RolloutEvent::Halved(to) | RolloutEvent::Restored(to), Some(progress)) => {
                next.set_progress(Progress { throttle: to.to, ..progress });
            }
            (RolloutEvent::Killed(_), Some(_)) => {}
        }
        if let RolloutEvent::RolledBackFully(_) = event {
            // Phase 1 is served to its full audience.
            if let Some(progress) = next.status.progress().copied() {
                next.set_progress(Progress { throttle: Throttle::NONE, ..progress });
            }
        }
        if let Some(incident) = build_incident(event, by, at) {
            next.record.open_incident(incident);
            // Votes given before the incident do not cover it.
            next.record.votes.clear();
        }
        if matches!(event, RolloutEvent::Planned(planned) if !planned.is_wording) {
            next.record.votes.clear();
        }
        next
    }

    fn enter_phase(&mut self, phase: PhaseNumber, throttle: Throttle, at: Timestamp) {
        self.set_progress(Progress { phase, phase_since: at, throttle });
        self.record.clear_for_phase(phase);
    }

    /// Moving a completed rollout resumes it; a paused one stays paused.
    fn set_progress(&mut self, progress: Progress) {
        self.status = match self.status {
            RolloutStatus::Paused(_) => RolloutStatus::Paused(progress),
            _ => RolloutStatus::Running(progress),
        };
    }
}

/// The incident that an event opens: each rollback, halving and kill opens one.
fn build_incident(event: &RolloutEvent, by: &ActorName, at: Timestamp) -> Option<Incident> {
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
        notified: Vec::new(),
        post_mortem: None,
        closed_at: None,
    })
}
