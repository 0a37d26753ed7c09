//! Rollouts: the plan, the phases, who is in, and the commands that move it.

mod arm;
mod command;
mod contribute;
mod course;
mod criterion;
mod event;
mod incident;
mod kpi;
pub mod lines;
mod membership;
mod notice;
mod plan;
mod reach;
mod record;
mod refusal;
mod review;
mod revision;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod validate;
mod view;

pub use command::{Command, CommandKind, apply, possible};
pub use contribute::contribute;
pub use course::{Counts, FIRST_MINUTES, FirstMinutes, KpiValue, Voices};
pub use criterion::Criterion;
pub use event::{Killed, MovedPhase, RolloutEvent, Said, Throttled};
pub use incident::{FollowUp, Incident, IncidentKind, Note, PostMortem};
pub use kpi::{Kpi, KpiGroup, MAX_WINDOW_DAYS};
pub(crate) use membership::{Audience, FoundEntry};
pub use membership::{Membership, MembershipStep, RolloutVariables, SegmentVerdict};
pub use notice::notice;
pub use plan::{AudienceEntry, ChecklistGroup, Contact, Phase, Plan, PlanFile};
pub use reach::Reach;
pub use record::{ChecklistItem, Contribution, Record, SignOff, Tick, Vote};
pub use refusal::Refusal;
pub use review::{REVIEW_DAYS, Review};
pub use revision::{Planned, Revision, revise};
pub use state::{Progress, RolloutState, Standing};
pub use target::{Comparator, ComparedWith, Metric, Target};
pub use validate::InvalidPlan;
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
    /// Where it is, with what was said about it.
    pub standing: Standing,
    /// Goes up with every command; two who press at once do not both win.
    pub version: i64,
}
#[cfg(test)]
pub(crate) use validate::tests::plan_file;
