//! Rollouts: the plan, the phases, who is in, and the commands that move it.

mod criterion;
mod membership;
mod plan;
mod state;
mod view;

pub use criterion::{Comparator, ComparedWith, Criterion, Metric};
pub use membership::{Membership, MembershipStep, RolloutVariables, SegmentVerdict};
pub use plan::{AudienceEntry, InvalidPlan, Phase, Plan, PlanFile};
pub use state::{
    Command, CommandKind, MovedPhase, Progress, Refusal, RolloutEvent, RolloutState, apply,
};

pub use view::RolloutView;

use crate::{bucket::Salt, ids::RolloutKey};

/// A plan being carried out in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// What people and the API call it.
    pub key: RolloutKey,
    /// What is being carried out.
    pub plan: Plan,
    /// One for all its flags, so that a person is in or out as a whole.
    pub salt: Salt,
    /// Where it is.
    pub state: RolloutState,
    /// Goes up with every command; two who press at once do not both win.
    pub version: i64,
}
