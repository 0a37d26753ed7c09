//! Where a rollout is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::Throttle,
    ids::PhaseNumber,
    rollout::{Phase, Record},
};

/// How far a started rollout has come.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub phase: PhaseNumber,
    /// When the current phase began.
    pub phase_since: Timestamp,
    /// The factor on all shares below 100 %.
    pub throttle: Throttle,
}

/// Where a rollout is.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RolloutStatus {
    /// Planned; nobody gets anything from it.
    #[default]
    Draft,
    Running(Progress),
    /// Serves what it serves, and is not advanced or raised until it is resumed.
    Paused(Progress),
    /// All phases are done; the last one is served.
    Completed(Progress),
    /// Given up; nobody gets anything from it.
    Aborted,
}

impl RolloutStatus {
    /// How far it has come, once started.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Draft | Self::Aborted => None,
            Self::Running(progress) | Self::Paused(progress) | Self::Completed(progress) => {
                Some(progress)
            }
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

    /// Its name in the API and on the command line.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running(_) => "running",
            Self::Paused(_) => "paused",
            Self::Completed(_) => "completed",
            Self::Aborted => "aborted",
        }
    }
}

/// Where a rollout is, with what people have said about it. All of it follows from the history: see
/// [`RolloutState::after`].
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RolloutState {
    #[serde(flatten)]
    pub status: RolloutStatus,
    /// When it was started; what was before is what it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// What people have said and done about it.
    #[serde(default)]
    pub record: Record,
}

impl Phase {
    /// When the phase may end, if it began at `since`.
    #[must_use]
    pub fn minimum_over_at(&self, since: Timestamp) -> Timestamp {
        since + TimeDelta::days(i64::from(self.minimum_days))
    }

    /// When it takes too long, if it began at `since`; `None` for one that is ongoing.
    #[must_use]
    pub fn maximum_over_at(&self, since: Timestamp) -> Option<Timestamp> {
        Some(since + TimeDelta::days(i64::from(self.maximum_days?)))
    }
}
