//! What happened in a page.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{EnvironmentId, FlagKey, VariantName},
    vitals::Vital,
};

/// Facts that a page sent together. `id` makes a repeated delivery count once.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Made by the collector; unique per environment.
    pub id: String,
    /// Whose telemetry this is.
    pub environment: EnvironmentId,
    /// When the server took it.
    pub received_at: Timestamp,
    /// What happened, each with its own time.
    pub facts: Vec<Fact>,
}

/// Something that happened in a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// What.
    pub kind: FactKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum FactKind {
    /// A web vital was final.
    Vital {
        /// Which one.
        vital: Vital,
        /// Its value, in millionths.
        millionths: u64,
    },
    /// Something went wrong.
    Error(ErrorReport),
    /// The app asked for a flag and acted on the answer.
    Exposure {
        /// Which flag.
        flag: FlagKey,
        /// What it answered.
        variant: VariantName,
    },
    /// A user used a feature.
    FeatureUsed {
        /// The feature's flag.
        flag: FlagKey,
    },
    /// The app's own event.
    Custom {
        /// Its name.
        name: String,
    },
    /// Something was timed.
    Timing {
        /// Of what kind.
        kind: TimingKind,
        /// The endpoint or component.
        name: String,
        /// How long it took, in millionths of a second.
        millionths: u64,
    },
    /// A user said something.
    Feedback(Feedback),
    /// Events were lost: the page had more to say than it may, or something was wrong with them.
    Dropped {
        /// How many.
        events: u64,
    },
}

/// What a timer timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimingKind {
    /// A call of an endpoint.
    Api,
    /// The rendering of a component.
    Render,
}

impl TimingKind {
    /// As payloads and tables write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Render => "render",
        }
    }
}

/// An error as the page saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// The message, bounded.
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The stack, bounded; empty where the browser gave none.
    pub stack: String,
    /// The feature it happened in, if the app said so.
    pub feature: Option<String>,
    /// The component it happened in, if the app said so.
    pub component: Option<String>,
}

/// What a user said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// 1 to 5, if given.
    pub rating: Option<u8>,
    /// The text, bounded; may be empty where there is a rating.
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
}
