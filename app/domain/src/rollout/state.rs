//! The state of a rollout: status, start and record.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::{Timestamp, ids::PhaseNumber, plan::Phase, targeting::Throttle};

/// The progress of a started rollout.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub phase: PhaseNumber,
    /// The time at which the current phase began.
    pub phase_since: Timestamp,
    /// The factor on all shares below 100 %.
    pub throttle: Throttle,
}

/// The status of a rollout, with its progress.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RolloutStatus {
    /// Not started; serves no features.
    #[default]
    Draft,
    Running(Progress),
    /// Serves the same features, but does not advance or raise shares until it is resumed.
    Paused(Progress),
    /// All phases are done; serves the last one.
    Completed(Progress),
    /// Aborted; serves no features.
    Aborted,
}

impl RolloutStatus {
    /// The progress, once it has started.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Draft | Self::Aborted => None,
            Self::Running(progress) | Self::Paused(progress) | Self::Completed(progress) => {
                Some(progress)
            }
        }
    }

    /// The phase that is served now.
    #[must_use]
    pub fn serving_phase(&self) -> Option<PhaseNumber> {
        self.progress().map(|progress| progress.phase)
    }

    /// The factor on all shares below 100 %.
    #[must_use]
    pub fn throttle(&self) -> Throttle {
        self.progress().map_or(Throttle::NONE, |progress| progress.throttle)
    }

    /// The name in the API and on the command line.
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

/// The complete state of a rollout. It follows from the events in the audit log: see
/// [`RolloutState::apply_event`].
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RolloutState {
    #[serde(flatten)]
    pub status: RolloutStatus,
    /// The time of the start; measurements from before it are the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Ticks, sign-offs, votes, acknowledgements and incidents.
    #[serde(default)]
    pub record: Record,
}

impl Phase {
    /// The earliest end of the phase if it began at `since`.
    #[must_use]
    pub fn earliest_end(&self, since: Timestamp) -> Timestamp {
        since + TimeDelta::days(i64::from(self.minimum_days))
    }

    /// The planned end of the phase if it began at `since`; `None` for a phase without maximum.
    #[must_use]
    pub fn planned_end(&self, since: Timestamp) -> Option<Timestamp> {
        Some(since + TimeDelta::days(i64::from(self.maximum_days?)))
    }
}
