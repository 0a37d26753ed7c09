//! The state machine: `(plan, state, command, gate result, role, now) → event | error`.
//! [`RolloutState::apply_event`] applies the event.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    CommandError, GateResult, Killed, PhaseChange, Progress, ReasonedCommand, RolloutEvent,
    RolloutState, RolloutStatus, ThrottleChange,
};
use crate::{
    Timestamp,
    accounts::Role,
    ids::PhaseNumber,
    incidents::IncidentKind,
    plan::{MAX_HALVINGS, Plan},
    targeting::{Share, Throttle},
};

/// The kind of a command.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Starts the rollout with phase 1.
    Start,
    /// Advances to the next phase.
    Advance,
    /// Stops advancing, raising and completing. Users within the shares are still admitted.
    Pause,
    /// Resumes a paused rollout.
    Resume,
    /// Rolls back to the phase before.
    #[serde(rename = "rollback")]
    RollBack,
    /// Halves every share below 100 %.
    Halve,
    /// Doubles the throttle again.
    Restore,
    /// Rolls back to phase 1.
    #[serde(rename = "rollback_full")]
    RollBackFully,
    /// Kills all flags of the phases reached.
    Kill,
    /// Completes the rollout after its last phase.
    Complete,
    Abort,
}

impl CommandKind {
    /// Whether it gives features to more users, or permanently.
    #[must_use]
    pub fn gives_features(self) -> bool {
        matches!(self, Self::Start | Self::Advance | Self::Restore | Self::Complete)
    }

    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 11] = [
        Self::Start,
        Self::Advance,
        Self::Pause,
        Self::Resume,
        Self::RollBack,
        Self::Halve,
        Self::Restore,
        Self::RollBackFully,
        Self::Kill,
        Self::Complete,
        Self::Abort,
    ];

    /// The name in URLs, on the command line and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Advance => "advance",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::RollBack => "rollback",
            Self::Halve => "halve",
            Self::Restore => "restore",
            Self::RollBackFully => "rollback_full",
            Self::Kill => "kill",
            Self::Complete => "complete",
            Self::Abort => "abort",
        }
    }

    /// Parses the name of [`CommandKind::as_str`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The command that opens an incident of this kind.
    #[must_use]
    pub fn of_incident(kind: IncidentKind) -> Self {
        match kind {
            IncidentKind::Immediate => Self::RollBack,
            IncidentKind::Gradual => Self::Halve,
            IncidentKind::Full => Self::RollBackFully,
            IncidentKind::Kill => Self::Kill,
        }
    }

    /// The label of its button.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Advance => "Advance",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::RollBack => "Roll back",
            Self::Halve => "Halve",
            Self::Restore => "Restore",
            Self::RollBackFully => "Roll back to phase 1",
            Self::Kill => "Kill",
            Self::Complete => "Complete",
            Self::Abort => "Abort",
        }
    }

    /// The lowest role that may give it.
    #[must_use]
    pub fn required_role(self) -> Role {
        match self {
            Self::Abort => Role::Admin,
            _ => Role::Operator,
        }
    }

    /// Whether the gate must pass or be overruled. Rollbacks and pauses skip the gate: waiting for
    /// evidence would delay them.
    #[must_use]
    pub fn needs_gate(self) -> bool {
        matches!(self, Self::Advance | Self::Complete)
    }

    /// Whether it needs a reason, because it takes features away from users.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        matches!(
            self,
            Self::RollBack | Self::Halve | Self::RollBackFully | Self::Kill | Self::Abort
        )
    }
}

/// The maximum age of a detection time, in days.
const MAX_NOTICED_DAYS: i64 = 30;

/// A command with its reason.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutCommand {
    pub kind: CommandKind,
    /// The reason; needed to overrule a rule and to take features away. The audit log keeps it.
    pub reason: String,
    /// For a rollback: the time of detection, if not now.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::targeting::read_optional_instant"
    )]
    pub detected_at: Option<Timestamp>,
}

impl RolloutCommand {
    /// A command without a detection time.
    #[must_use]
    pub fn new(kind: CommandKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), detected_at: None }
    }
}

/// The inputs of every rule.
struct Case<'a> {
    plan: &'a Plan,
    state: &'a RolloutState,
    gate: &'a GateResult,
    command: &'a RolloutCommand,
    role: Role,
}

/// Applies a command and returns its event.
///
/// # Errors
/// Returns the rule that forbids the command.
pub fn apply_command(
    plan: &Plan,
    state: &RolloutState,
    command: &RolloutCommand,
    gate: &GateResult,
    role: Role,
    now: Timestamp,
) -> Result<RolloutEvent, CommandError> {
    if role < command.kind.required_role() {
        return Err(CommandError::NotAllowed { needs: command.kind.required_role() });
    }
    let case = Case { plan, state, gate, command, role };
    let event = case.decide_event()?;
    // Last, so that a rule of the state is reported before a missing reason.
    if command.kind.needs_reason() && command.reason.trim().is_empty() {
        return Err(CommandError::ReasonMissing);
    }
    match command.detected_at {
        Some(at) if at > now => Err(CommandError::NoticedLater),
        Some(at) if now - at > TimeDelta::days(MAX_NOTICED_DAYS) => {
            Err(CommandError::NoticedLongAgo { days: MAX_NOTICED_DAYS })
        }
        _ => Ok(event),
    }
}

/// The commands that would succeed now, given a reason.
#[must_use]
pub fn possible_commands(
    plan: &Plan,
    state: &RolloutState,
    gate: &GateResult,
    role: Role,
    now: Timestamp,
) -> Vec<CommandKind> {
    let would = |kind: &CommandKind| {
        apply_command(plan, state, &RolloutCommand::new(*kind, "a reason"), gate, role, now).is_ok()
    };
    CommandKind::ALL.into_iter().filter(would).collect()
}

impl Case<'_> {
    fn decide_event(&self) -> Result<RolloutEvent, CommandError> {
        use CommandKind as K;
        use RolloutStatus as S;
        let kind = self.command.kind;
        match (kind, &self.state.status) {
            (_, S::Aborted) => Err(CommandError::Ended),
            (K::Start, S::Draft) => self.start_rollout(),
            (K::Abort, _) => Ok(RolloutEvent::Aborted(self.build_said(false))),
            (_, S::Draft) => Err(CommandError::NotStarted),
            (K::Start, S::Running(p) | S::Paused(p)) => {
                Err(CommandError::AlreadyRunning { phase: p.phase })
            }
            (K::RollBack, S::Running(p) | S::Paused(p) | S::Completed(p)) => {
                let to = p.phase.previous().ok_or(CommandError::FirstPhase)?;
                Ok(RolloutEvent::RolledBack(self.build_phase_change(p, to, false)))
            }
            (K::RollBackFully, S::Running(p) | S::Paused(p) | S::Completed(p)) => {
                p.phase.previous().ok_or(CommandError::FirstPhase)?;
                Ok(RolloutEvent::RolledBackFully(self.build_phase_change(
                    p,
                    PhaseNumber::FIRST,
                    false,
                )))
            }
            (K::Halve, S::Running(p) | S::Paused(p) | S::Completed(p)) => self.halve_throttle(p),
            (K::Kill, S::Running(p) | S::Paused(p) | S::Completed(p)) => Ok(self.kill_flags(p)),
            (_, S::Completed(_)) => Err(CommandError::Completed),
            (K::Advance, S::Running(p)) => self.advance_phase(p),
            (K::Complete, S::Running(p)) => self.complete_rollout(p),
            (K::Restore, S::Running(p)) => self.restore_throttle(p),
            (K::Pause, S::Running(_)) => Ok(RolloutEvent::Paused(self.build_said(false))),
            (K::Resume, S::Running(_)) => Err(CommandError::NotPaused),
            (K::Resume, S::Paused(_)) => Ok(RolloutEvent::Resumed(self.build_said(false))),
            (K::Advance | K::Complete | K::Restore | K::Pause, S::Paused(_)) => {
                Err(CommandError::Paused)
            }
        }
    }

    fn start_rollout(&self) -> Result<RolloutEvent, CommandError> {
        let items = self.plan.start_items();
        let open = items.iter().filter(|item| self.state.record.find_tick(item).is_none()).count();
        let may = open == 0 || self.may_force();
        may.then(|| RolloutEvent::Started(self.build_said(open > 0)))
            .ok_or(CommandError::ChecklistOpen { open, of: items.len() })
    }

    fn advance_phase(&self, progress: &Progress) -> Result<RolloutEvent, CommandError> {
        let phase = progress.phase;
        let next = self.plan.phase(phase.next()).ok_or(CommandError::LastPhase { phase })?;
        let forced = self.pass_gate(phase)?;
        Ok(RolloutEvent::Advanced(self.build_phase_change(progress, next.number, forced)))
    }

    fn complete_rollout(&self, progress: &Progress) -> Result<RolloutEvent, CommandError> {
        let (phase, last) = (progress.phase, self.plan.last_phase());
        if phase != last {
            return Err(CommandError::NotLastPhase { phase, last });
        }
        let forced = self.pass_gate(phase)?;
        Ok(RolloutEvent::Completed(self.build_said(forced)))
    }

    /// Returns whether the gate is overruled; an error if it must be and may not.
    fn pass_gate(&self, phase: PhaseNumber) -> Result<bool, CommandError> {
        // A due post-mortem cannot be overruled: an unexplained failure would happen again.
        if let Some(incident) = self.state.record.find_due_post_mortem() {
            return Err(CommandError::PostMortemDue { incident: incident.id });
        }
        match (self.gate.passes, self.may_force()) {
            (true, _) => Ok(false),
            (false, true) => Ok(true),
            (false, false) => {
                Err(CommandError::GateClosed { phase, because: self.gate.obstacles.clone() })
            }
        }
    }

    fn may_force(&self) -> bool {
        self.role >= Role::Admin && !self.command.reason.trim().is_empty()
    }

    fn halve_throttle(&self, progress: &Progress) -> Result<RolloutEvent, CommandError> {
        let reached = self.plan.phases.iter().take_while(|phase| phase.number <= progress.phase);
        let mut shares = reached.flat_map(|phase| &phase.audience);
        if shares.all(|entry| entry.share == Share::ALL) {
            return Err(CommandError::NothingToHalve);
        }
        let least = (0..MAX_HALVINGS).fold(Throttle::NONE, |throttle, _| throttle.halved());
        if progress.throttle <= least {
            return Err(CommandError::HalvedEnough);
        }
        Ok(RolloutEvent::Halved(self.build_throttle_change(progress, progress.throttle.halved())))
    }

    fn restore_throttle(&self, progress: &Progress) -> Result<RolloutEvent, CommandError> {
        match progress.throttle {
            Throttle::NONE => Err(CommandError::NotHalved),
            throttle => {
                Ok(RolloutEvent::Restored(self.build_throttle_change(progress, throttle.doubled())))
            }
        }
    }

    fn kill_flags(&self, progress: &Progress) -> RolloutEvent {
        let RolloutCommand { detected_at, .. } = *self.command;
        let reached = self.plan.phases.iter().take_while(|phase| phase.number <= progress.phase);
        let flags = reached.flat_map(|phase| phase.flags.iter().cloned()).collect();
        RolloutEvent::Killed(Killed { flags, reason: self.reason(), detected_at })
    }

    fn reason(&self) -> String {
        self.command.reason.trim().to_owned()
    }

    fn build_said(&self, forced: bool) -> ReasonedCommand {
        ReasonedCommand { forced, reason: self.reason() }
    }

    fn build_phase_change(
        &self,
        progress: &Progress,
        to: PhaseNumber,
        forced: bool,
    ) -> PhaseChange {
        let RolloutCommand { detected_at, .. } = *self.command;
        PhaseChange { from: progress.phase, to, forced, reason: self.reason(), detected_at }
    }

    fn build_throttle_change(&self, progress: &Progress, to: Throttle) -> ThrottleChange {
        let RolloutCommand { detected_at, .. } = *self.command;
        ThrottleChange { from: progress.throttle, to, reason: self.reason(), detected_at }
    }
}
