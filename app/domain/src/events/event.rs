//! Events, as the server counts them.

use serde::{Deserialize, Serialize};

use super::{Rejection, Visit};
use crate::{
    Timestamp,
    errors::ErrorReport,
    feedback::Feedback,
    ids::{EnvironmentId, FlagKey, VariantName},
    vitals::Vital,
};

/// Events that a page sent together. `id` makes repeated deliveries count once.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Chosen by the collector; unique per environment.
    pub id: String,
    /// The environment that the events belong to.
    pub environment: EnvironmentId,
    /// The time at which the server received it.
    pub received_at: Timestamp,
    /// The user, session and circumstances of all events.
    pub visit: Visit,
    /// The events, each with a time of its own.
    pub events: Vec<Event>,
    /// The events as the page sent them, compressed for the raw event log; empty if raw events are
    /// not stored.
    pub raw: Vec<u8>,
}

/// What identifies a batch: a repeated delivery has the same key.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchKey {
    pub environment: EnvironmentId,
    /// Chosen by the collector.
    pub id: String,
}

impl Batch {
    /// The key by which a repeated delivery is recognised.
    #[must_use]
    pub fn key(&self) -> BatchKey {
        BatchKey { environment: self.environment, id: self.id.clone() }
    }
}

/// One thing that happened on a page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The time, corrected to the server's clock.
    pub at: Timestamp,
    /// The path of the page, without query and fragment; empty if unknown.
    pub page: String,
    pub kind: EventKind,
}

/// The kind of an event, with its values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A web vital reached its final value.
    Vital {
        vital: Vital,
        /// The value, in millionths.
        millionths: u64,
        /// The earlier value of the same page view that this one replaces.
        was: Option<u64>,
    },
    Error(ErrorReport),
    /// A page was opened.
    View,
    /// A feature was visibly in use for some time.
    Engaged {
        flag: FlagKey,
        /// The duration, in millionths of a second.
        millionths: u64,
    },
    /// A task was started, completed or abandoned.
    Task {
        name: String,
        /// Whether it was started, completed or abandoned.
        outcome: TaskOutcome,
        /// The duration, in millionths of a second.
        millionths: u64,
    },
    /// The app asked for a flag and acted on the answer.
    Exposure {
        flag: FlagKey,
        variant: VariantName,
    },
    /// A user used a feature.
    FeatureUsed {
        flag: FlagKey,
    },
    /// The app's own event.
    Custom {
        name: String,
    },
    /// A property of a custom event or of the use of a feature.
    Property {
        /// The event's name, or the feature's flag.
        event: String,
        /// The name of the property.
        name: String,
        /// The value, converted to text.
        value: String,
    },
    Timing {
        kind: TimingKind,
        /// The endpoint or component.
        name: String,
        /// The duration, in millionths of a second.
        millionths: u64,
        has_failed: bool,
    },
    /// A user submitted a feedback item.
    Feedback(Feedback),
    /// Events that were dropped by the page or rejected by the server.
    Dropped {
        events: u64,
    },
    /// Rejected events by reason. They are part of the dropped ones.
    Rejected {
        reason: Rejection,
        events: u64,
    },
}

impl EventKind {
    /// Whether it shows activity of a user; dropped and rejected counts do not.
    #[must_use]
    pub fn is_about_a_user(&self) -> bool {
        !matches!(self, Self::Dropped { .. } | Self::Rejected { .. })
    }
}

/// The kind of work that a timer measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimingKind {
    /// A call of an endpoint.
    Api,
    /// The rendering of a component.
    Render,
}

impl TimingKind {
    /// The name in payloads and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Render => "render",
        }
    }
}

/// The outcome of a task so far.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcome {
    Started,
    Completed,
    Abandoned,
}

impl TaskOutcome {
    /// The name in payloads and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}
