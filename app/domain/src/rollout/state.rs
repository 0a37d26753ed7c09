//! The state machine: `(plan, state, command, role, now) → (state, event) | refusal`.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::Throttle,
    ids::PhaseNumber,
    people::Role,
    rollout::{Phase, Plan},
};

/// How far a started rollout has come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The current phase.
    pub phase: PhaseNumber,
    /// When the current phase began.
    pub phase_since: Timestamp,
    /// The factor on all shares below 100 %.
    pub throttle: Throttle,
}

/// Where a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RolloutState {
    /// Planned; nobody gets anything from it.
    #[default]
    Draft,
    /// Under way.
    Running(Progress),
}

impl RolloutState {
    /// How far it has come, once started.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Draft => None,
            Self::Running(progress) => Some(progress),
        }
    }

    /// The phase whose audience and flags are served now.
    #[must_use]
    pub fn serving_phase(&self) -> Option<PhaseNumber> {
        self.progress().map(|progress| progress.phase)
    }

    /// The factor on all shares below 100 %.
    #[must_use]
    pub fn throttle(&self) -> Throttle {
        self.progress().map_or(Throttle::NONE, |progress| progress.throttle)
    }
}

/// What somebody wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Begin with phase 1.
    Start,
    /// Go on to the next phase.
    Advance,
    /// Go back to the phase before.
    RollBack,
}

impl CommandKind {
    /// As a button says it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Advance => "Advance",
            Self::RollBack => "Roll back",
        }
    }
}

/// A command with what its giver says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What to do.
    pub kind: CommandKind,
    /// Why; needed where a rule is overruled, and kept in the history.
    pub reason: String,
}

/// What happened, for the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RolloutEvent {
    /// Phase 1 began.
    Started,
    /// The next phase began.
    Advanced(MovedPhase),
    /// The phase before was restored.
    RolledBack(MovedPhase),
}

/// From where to where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedPhase {
    /// Where it was.
    pub from: PhaseNumber,
    /// Where it is now.
    pub to: PhaseNumber,
    /// Whether the gate was overruled.
    pub forced: bool,
    /// What was said about it; may be empty.
    pub reason: String,
}

/// Why a command was not carried out. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// Started twice.
    #[error("the rollout is already running, in phase {phase}")]
    AlreadyRunning {
        /// The current phase.
        phase: PhaseNumber,
    },
    /// Moved before it began.
    #[error("the rollout has not started; start it first")]
    NotStarted,
    /// Nothing comes after the last phase.
    #[error("phase {phase} is the last one")]
    LastPhase {
        /// The current phase.
        phase: PhaseNumber,
    },
    /// Nothing comes before phase 1.
    #[error(
        "phase 1 is the first one; to take a feature away from its audience, switch its flag off"
    )]
    FirstPhase,
    /// The phase has not lasted long enough.
    #[error(
        "phase {phase} lasts at least {minimum_days} days; an admin can advance earlier by giving a reason"
    )]
    TooEarly {
        /// The current phase.
        phase: PhaseNumber,
        /// Its minimum duration.
        minimum_days: u16,
    },
}

impl Phase {
    /// When the phase may end, if it began at `since`.
    #[must_use]
    pub fn minimum_over_at(&self, since: Timestamp) -> Timestamp {
        since + TimeDelta::days(i64::from(self.minimum_days))
    }
}

/// Carries out a command, or says why not.
///
/// Advancing before the minimum duration is over needs an admin and a reason.
///
/// # Errors
/// The rule that stands against it.
pub fn apply(
    plan: &Plan,
    state: &RolloutState,
    command: &Command,
    role: Role,
    now: Timestamp,
) -> Result<(RolloutState, RolloutEvent), Refusal> {
    match (command.kind, state) {
        (CommandKind::Start, RolloutState::Draft) => {
            let progress =
                Progress { phase: PhaseNumber::FIRST, phase_since: now, throttle: Throttle::NONE };
            Ok((RolloutState::Running(progress), RolloutEvent::Started))
        }
        (CommandKind::Start, RolloutState::Running(progress)) => {
            Err(Refusal::AlreadyRunning { phase: progress.phase })
        }
        (_, RolloutState::Draft) => Err(Refusal::NotStarted),
        (CommandKind::Advance, RolloutState::Running(progress)) => {
            advance(plan, progress, command, role, now)
        }
        (CommandKind::RollBack, RolloutState::Running(progress)) => {
            let to = progress.phase.previous().ok_or(Refusal::FirstPhase)?;
            let moved = moved(progress, to, false, command);
            Ok((enter(progress, to, now), RolloutEvent::RolledBack(moved)))
        }
    }
}

fn advance(
    plan: &Plan,
    progress: &Progress,
    command: &Command,
    role: Role,
    now: Timestamp,
) -> Result<(RolloutState, RolloutEvent), Refusal> {
    let phase = progress.phase;
    let next = plan.phase(phase.next()).ok_or(Refusal::LastPhase { phase })?;
    let current = plan.phase(phase);
    let too_early = current.filter(|p| now < p.minimum_over_at(progress.phase_since));
    if let Some(current) = too_early
        && (role < Role::Admin || command.reason.trim().is_empty())
    {
        return Err(Refusal::TooEarly { phase, minimum_days: current.minimum_days });
    }
    let moved = moved(progress, next.number, too_early.is_some(), command);
    Ok((enter(progress, next.number, now), RolloutEvent::Advanced(moved)))
}

fn enter(progress: &Progress, phase: PhaseNumber, now: Timestamp) -> RolloutState {
    RolloutState::Running(Progress { phase, phase_since: now, ..*progress })
}

fn moved(progress: &Progress, to: PhaseNumber, forced: bool, command: &Command) -> MovedPhase {
    MovedPhase { from: progress.phase, to, forced, reason: command.reason.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::rollout::plan::tests::plan_file;

    fn at(day: i64) -> Timestamp {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::days(day)
    }

    fn command(kind: CommandKind) -> Command {
        Command { kind, reason: String::new() }
    }

    fn running(phase: u16) -> RolloutState {
        RolloutState::Running(Progress {
            phase: PhaseNumber(phase),
            phase_since: at(0),
            throttle: Throttle::NONE,
        })
    }

    #[test]
    fn every_state_answers_every_command() {
        use CommandKind::{Advance, RollBack, Start};
        let plan = plan_file().plan;
        let late = at(9);
        for (state, kind, expected) in [
            (RolloutState::Draft, Start, Ok(1)),
            (RolloutState::Draft, Advance, Err(Refusal::NotStarted)),
            (RolloutState::Draft, RollBack, Err(Refusal::NotStarted)),
            (running(1), Start, Err(Refusal::AlreadyRunning { phase: PhaseNumber(1) })),
            (running(1), Advance, Ok(2)),
            (running(1), RollBack, Err(Refusal::FirstPhase)),
            (running(2), Advance, Ok(3)),
            (running(2), RollBack, Ok(1)),
            (running(3), Advance, Err(Refusal::LastPhase { phase: PhaseNumber(3) })),
            (running(3), RollBack, Ok(2)),
        ] {
            let result = apply(&plan, &state, &command(kind), Role::Operator, late)
                .map(|(state, _)| state.serving_phase().unwrap().0);
            assert_eq!(result, expected, "{state:?} {kind:?}");
        }
    }

    #[test]
    fn advancing_early_needs_an_admin_and_a_reason() {
        let plan = plan_file().plan;
        let refusal = Refusal::TooEarly { phase: PhaseNumber(1), minimum_days: 3 };
        let reasoned =
            Command { reason: " verified by hand ".into(), ..command(CommandKind::Advance) };
        for (role, command, day, allowed) in [
            (Role::Operator, &command(CommandKind::Advance), 2, false),
            (Role::Operator, &reasoned, 2, false),
            (Role::Admin, &command(CommandKind::Advance), 2, false),
            (Role::Admin, &reasoned, 2, true),
            (Role::Operator, &command(CommandKind::Advance), 3, true),
        ] {
            let result = apply(&plan, &running(1), command, role, at(day));
            assert_eq!(result.is_ok(), allowed, "{role:?} {command:?} day {day}");
            if let Err(found) = result {
                assert_eq!(found, refusal);
            }
        }
        let (_, event) = apply(&plan, &running(1), &reasoned, Role::Admin, at(0)).unwrap();
        let moved = MovedPhase {
            from: PhaseNumber(1),
            to: PhaseNumber(2),
            forced: true,
            reason: "verified by hand".into(),
        };
        assert_eq!(event, RolloutEvent::Advanced(moved));
    }

    proptest! {
        #[test]
        fn a_phase_is_never_skipped(commands in prop::collection::vec((0..3_usize, 0..5_i64), 0..40)) {
            let plan = plan_file().plan;
            let (mut state, mut day) = (RolloutState::Draft, 0);
            for (kind, days) in commands {
                day += days;
                let kind = [CommandKind::Start, CommandKind::Advance, CommandKind::RollBack][kind];
                let before = state.serving_phase().map_or(0, |p| p.0);
                if let Ok((next, _)) = apply(&plan, &state, &command(kind), Role::Operator, at(day)) {
                    let after = next.serving_phase().unwrap().0;
                    prop_assert!(after.abs_diff(before) == 1);
                    prop_assert!((1..=3).contains(&after));
                    state = next;
                }
            }
        }
    }
}
