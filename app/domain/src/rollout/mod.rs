//! Rollouts: the plan, the phases, who is in, and the commands that move it.

mod add_record_entry;
mod arm;
mod command;
mod command_error;
mod criterion;
mod event;
mod incident;
mod kpi;
mod membership;
mod plan;
pub mod plan_text;
mod progress;
mod reach;
mod record;
mod review;
mod revision;
mod stakeholder_message;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod validate;
mod view;

pub use add_record_entry::add_record_entry;
pub use command::{CommandKind, RolloutCommand, apply, possible};
pub use command_error::CommandError;
pub use criterion::Criterion;
pub use event::{Killed, PhaseChange, RolloutEvent, Said, Throttled};
pub use incident::{FollowUp, Incident, IncidentKind, Note, PostMortem};
pub use kpi::{Kpi, KpiGroup, MAX_WINDOW_DAYS};
pub(crate) use membership::{Audience, FoundEntry};
pub use membership::{Membership, MembershipStep, RolloutVariables, SegmentVerdict};
pub use plan::{AudienceEntry, ChecklistGroup, Contact, Phase, Plan, PlanFile};
pub use progress::{Counts, FIRST_MINUTES, FeedbackSummary, FirstMinutes, KpiValue};
pub use reach::Reach;
pub use record::{ChecklistItem, ChecklistTick, Record, RecordEntry, SignOff, Vote};
pub use review::{REVIEW_DAYS, Review};
pub use revision::{PlanRevision, Revision, revise};
pub use stakeholder_message::notice;
pub use state::{Progress, RolloutState, RolloutStatus};
pub use target::{Comparator, ComparedWith, CriterionMetric, Target};
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
    pub state: RolloutState,
    /// Goes up with every command; two who press at once do not both win.
    pub version: i64,
}
#[cfg(test)]
pub(crate) use validate::tests::plan_file;
