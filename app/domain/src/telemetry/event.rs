//! What happened in a page.

use serde::{Deserialize, Serialize};

use super::Visit;
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
    /// Who sent it, and under which circumstances.
    pub visit: Visit,
    /// What happened, each with its own time.
    pub events: Vec<Event>,
    /// The events as the page sent them, in the compressed form in which they are kept for a while;
    /// empty where they are not kept.
    pub raw: Vec<u8>,
}

/// Something that happened in a page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// On which page: its path, without query and fragment; empty if none was named.
    pub page: String,
    pub kind: EventKind,
}

/// The kind of an event, with its values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A web vital was final.
    Vital {
        vital: Vital,
        /// Its value, in millionths.
        millionths: u64,
        /// The value of the same page view that it takes the place of.
        was: Option<u64>,
    },
    Error(ErrorReport),
    /// A page was opened.
    View,
    /// A feature was in use, visibly, for a while.
    Engaged {
        flag: FlagKey,
        /// For how long, in millionths of a second.
        millionths: u64,
    },
    /// A task was started, completed or abandoned.
    Task {
        name: String,
        /// What became of it.
        outcome: TaskOutcome,
        /// How long it took, in millionths of a second.
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
    /// What the app said about an event of its own, or about the use of a feature.
    Property {
        /// The event's name, or the feature's flag.
        event: String,
        /// What it is called.
        name: String,
        /// Its value, as a text.
        value: String,
    },
    Timing {
        kind: TimingKind,
        /// The endpoint or component.
        name: String,
        /// How long it took, in millionths of a second.
        millionths: u64,
        has_failed: bool,
    },
    /// A user said something.
    Feedback(Feedback),
    /// Events were lost: the page had more to say than it may, or something was wrong with them.
    Dropped {
        events: u64,
    },
    /// Events were refused, and why. They are among those that were lost.
    Refused {
        /// As [`refusal_class`](super::refusal_class) writes it.
        reason: String,
        events: u64,
    },
}

impl EventKind {
    /// Whether it is a sign of somebody's life; what was lost is not.
    #[must_use]
    pub fn is_about_somebody(&self) -> bool {
        !matches!(self, Self::Dropped { .. } | Self::Refused { .. })
    }
}

/// What a timer timed.
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
    /// As payloads and tables write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Render => "render",
        }
    }
}

/// What became of a task.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcome {
    Started,
    Completed,
    /// It was given up.
    Abandoned,
}

impl TaskOutcome {
    /// As payloads and tables write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How bad an error is.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    /// Something is slow or missing.
    Warning,
    /// Something does not work.
    #[default]
    Error,
    /// Somebody must look at it now.
    Critical,
}

/// An error as the page saw it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorReport {
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The stack, bounded; empty where the browser gave none.
    pub stack: String,
    /// The feature it happened in, if the app said so.
    pub feature: Option<String>,
    /// The component it happened in, if the app said so.
    pub component: Option<String>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// How often it happened in a row.
    #[serde(default = "once")]
    pub count: u64,
    /// Whether it is of a browser extension, or says nothing that anybody could act on.
    #[serde(default)]
    pub is_noise: bool,
    /// What happened before it: milliseconds before, kind, text.
    #[serde(default)]
    pub crumbs: Vec<(u64, String, String)>,
}

fn once() -> u64 {
    1
}

impl ErrorReport {
    /// For how many errors it counts: warnings and noise are kept, and not counted.
    #[must_use]
    pub fn counted(&self) -> u64 {
        let counts =
            !self.is_noise && matches!(self.severity, Severity::Error | Severity::Critical);
        if counts { self.count } else { 0 }
    }
}

/// What a user said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// `rating`, `nps`, `bug`, `idea`, or nothing.
    #[serde(default)]
    pub kind: String,
    /// 1 to 5, if given.
    pub rating: Option<u8>,
    /// 0 to 10: how likely they would recommend it, if given.
    #[serde(default)]
    pub score: Option<u8>,
    /// The text, bounded; may be empty where there is a rating.
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The id of a screenshot, if there is one.
    #[serde(default)]
    pub screenshot: String,
}
