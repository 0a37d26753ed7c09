//! Rollouts: their state, the membership of users, and the commands that move them.

mod add_record_entry;
mod arm;
mod command;
mod command_error;
mod event;
mod gate_result;
mod membership;
mod plan_revision;
mod record;
mod revision;
mod stakeholder_message;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod text_limits;

pub use add_record_entry::add_record_entry;
pub use command::{CommandKind, RolloutCommand, apply_command, possible_commands};
pub use command_error::CommandError;
pub use event::{Killed, PhaseChange, ReasonedCommand, RolloutEvent, ThrottleChange};
pub use gate_result::GateResult;
pub(crate) use membership::{Audience, FoundEntry, MembershipObserver};
pub use membership::{Membership, MembershipStep, RolloutVariables, SegmentVerdict};
pub use plan_revision::PlanRevision;
pub use record::{ChecklistTick, Record, RecordEntry, SignOff, Vote};
pub use revision::revise_plan;
pub use stakeholder_message::stakeholder_message;
pub use state::{Progress, RolloutState, RolloutStatus};
pub use text_limits::{InvalidText, check_plan_note};

use crate::{ids::RolloutKey, plan::Plan, targeting::Salt};

/// A plan being carried out in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// The name in pages and in the API.
    pub key: RolloutKey,
    /// The plan of the rollout.
    pub plan: Plan,
    /// The salt of all its flags, so that a user is in or out for all of them.
    pub salt: Salt,
    /// Status, start and record of the rollout.
    pub state: RolloutState,
    /// Increases with every command, so that of two concurrent commands one is refused.
    pub version: i64,
}
