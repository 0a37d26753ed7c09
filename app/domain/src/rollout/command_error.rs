//! The errors of rollout commands and record entries.

use serde::{Deserialize, Serialize};

use crate::{
    accounts::Role,
    field_error::{FieldCode, FieldError},
    ids::PhaseNumber,
};

/// Why a command or record entry was refused. Nothing changes then.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum CommandError {
    /// The revision changes served phases or lowers the gate, which only an admin may do.
    #[error("{what}; only an admin can import such a revision")]
    RevisionOverrules { what: String },
    /// The role is too low.
    #[error("this needs the role {}; ask an account that has it", needs.as_str())]
    NotAllowed {
        /// The lowest role that is allowed.
        needs: Role,
    },
    #[error("the rollout is already running, in phase {phase}")]
    AlreadyRunning { phase: PhaseNumber },
    /// The rollout has not been started.
    #[error("the rollout has not started; start it first")]
    NotStarted,
    #[error("the rollout was aborted; import its plan again to start a new one")]
    Ended,
    /// All phases are done.
    #[error("the rollout is completed; roll it back if there is a problem")]
    Completed,
    /// The rollout is paused and must be resumed first.
    #[error("the rollout is paused; resume it first")]
    Paused,
    /// The rollout is not paused, so it cannot be resumed.
    #[error("the rollout is not paused")]
    NotPaused,
    /// The last phase has no next phase.
    #[error("phase {phase} is the last one; complete the rollout")]
    LastPhase { phase: PhaseNumber },
    /// Only the last phase can be completed.
    #[error("phase {phase} is not the last one; advance to phase {last}, or abort")]
    NotLastPhase { phase: PhaseNumber, last: PhaseNumber },
    /// Phase 1 has no phase before it.
    #[error("phase 1 is the first one; to take a feature away from its audience, kill its flag")]
    FirstPhase,
    /// The gate does not pass.
    #[error(
        "phase {phase} cannot be left yet: {}; an admin can force it by giving a reason",
        because.join("; ")
    )]
    GateClosed {
        phase: PhaseNumber,
        /// The conditions that do not pass.
        because: Vec<String>,
    },
    /// Items of the start's checklist are open.
    #[error(
        "{open} of {of} items of the checklist are not done; do them, or an admin waives them by giving a reason"
    )]
    ChecklistOpen { open: usize, of: usize },
    /// A post-mortem is written once, so that none is overwritten.
    #[error("incident {incident} has its post-mortem; add to it with a note")]
    PostMortemThere { incident: u32 },
    /// A full rollback needs a post-mortem before the next advance.
    #[error("incident {incident} was a full rollback: write its post-mortem first")]
    PostMortemDue { incident: u32 },
    /// The command takes features away, so it needs a reason.
    #[error("must state the problem; it is part of the message to stakeholders")]
    ReasonMissing,
    #[error("must not be in the future")]
    NoticedLater,
    /// The detection time is too long ago.
    #[error("must be at most {days} days ago")]
    NoticedLongAgo { days: i64 },
    /// Shares of 100 % are not throttled.
    #[error("all shares reached are 100 %, which cannot be halved; roll back instead")]
    NothingToHalve,
    /// The throttle has reached its minimum.
    #[error("shares are down to 1/64; roll back instead")]
    HalvedEnough,
    /// Shares are as planned.
    #[error("all shares are as planned; there is nothing to restore")]
    NotHalved,
    /// The plan has no such item.
    #[error("the plan has no item {item:?}")]
    UnknownItem { item: String },
    /// Server tokens vote only if the plan allows it.
    #[error(
        "server tokens do not vote in this rollout; vote in the admin, or let the plan allow it with token_votes = true"
    )]
    TokenVote,
    /// A vote belongs to an account, so that each account has one vote.
    #[error(
        "a vote belongs to an account, and {voter:?} is not one: use a token created by an account, or by \
         `phasegate token create --owner EMAIL`"
    )]
    VoteWithoutAccount {
        /// The owner of the token, which is not an account.
        voter: String,
    },
    /// The current phase has no such criterion.
    #[error("the current phase has no criterion {statement:?} to sign off")]
    UnknownCriterion { statement: String },
    /// The record has no incident of that number.
    #[error("there is no incident {incident}")]
    UnknownIncident { incident: u32 },
    /// The incident is already closed.
    #[error("incident {incident} is already closed")]
    ClosedAlready { incident: u32 },
    /// The new plan equals the current one.
    #[error("the plan equals the current one")]
    SamePlan,
    /// Another rollout is under way; an environment has one at a time.
    #[error("key: {key} is in progress; complete or abort it before you import another plan")]
    OtherPlan {
        /// The plan of the running rollout.
        key: String,
    },
    /// The revision is not higher than the current one.
    #[error("revision: must be higher than {current}, the current revision")]
    RevisionNotHigher {
        /// The current revision of the plan.
        current: String,
    },
    /// The new plan lacks the current phase.
    #[error("phases: phase {phase} is being served; roll back before you remove it from the plan")]
    PhaseGone { phase: PhaseNumber },
    /// A required field is empty.
    #[error("must not be empty")]
    Missing { field: String },
}

impl CommandError {
    /// The error as one about a field, if the request is invalid whatever the state of the rollout.
    #[must_use]
    pub fn field_error(&self) -> Option<FieldError> {
        let (field, code) = match self {
            Self::ReasonMissing => ("reason", FieldCode::Missing),
            Self::NoticedLater | Self::NoticedLongAgo { .. } => ("detected_at", FieldCode::Invalid),
            Self::UnknownItem { .. } => ("item", FieldCode::Unknown),
            Self::UnknownCriterion { .. } => ("statement", FieldCode::Unknown),
            Self::UnknownIncident { .. } => ("incident", FieldCode::Unknown),
            Self::Missing { field } => (field.as_str(), FieldCode::Missing),
            _ => return None,
        };
        Some(FieldError::new(field, code, self.to_string()))
    }
}
