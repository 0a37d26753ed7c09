//! The events of a batch.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::{InvalidEvent, InvalidEventCode};
use crate::{
    MAX_CRUMBS, MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_PROPERTIES, MAX_SHIFT, MAX_STACK_CHARS,
    MAX_VALUE, MAX_WAIT,
};

/// What happened in the page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum WireEvent {
    /// A web vital, final or so far.
    Vital(Vital),
    Error(Error),
    /// A page was opened; in an app of one page, another of its places.
    View {
        /// How the visitor came, as web vitals name it.
        #[serde(default)]
        nav: String,
        /// The site that the visitor came from, without its path.
        #[serde(default)]
        referrer: String,
    },
    /// The app asked for a flag and acted on the answer.
    Exposure {
        flag: String,
        variant: String,
    },
    /// A user used a feature.
    Use {
        flag: String,
        /// What the app says about it.
        #[serde(default)]
        props: Map<String, Value>,
    },
    /// A feature was in use, visibly, for a while.
    Engaged {
        flag: String,
        /// For how long, in millionths of a second.
        value: u64,
    },
    /// A task was started, completed or abandoned.
    Task {
        name: String,
        /// What became of it.
        outcome: Outcome,
        /// How long it took, in millionths of a second; 0 at the start.
        #[serde(default)]
        value: u64,
    },
    /// The app's own event.
    Custom {
        name: String,
        /// What the app says about it.
        #[serde(default)]
        props: Map<String, Value>,
    },
    Timing {
        kind: String,
        /// The endpoint or component.
        name: String,
        /// In millionths of a second.
        value: u64,
        #[serde(default)]
        failed: bool,
    },
    /// A user said something.
    Feedback(Feedback),
}

/// A web vital of one page view.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Vital {
    /// LCP, INP, CLS, FCP, TTFB or FID.
    pub name: String,
    /// In millionths of a second, or of a score.
    pub value: u64,
    /// The value of this page view that it takes the place of.
    pub was: Option<u64>,
    /// How the visitor came: `navigate`, `reload`, `back-forward-cache`, `prerender`, …
    #[serde(default)]
    pub nav: String,
    /// The element: the largest, the one that moved most, the one that was pressed.
    #[serde(default)]
    pub target: String,
    /// The largest element's resource.
    #[serde(default)]
    pub url: String,
    /// LCP: first byte, waiting, loading, rendering. INP: waiting, handling, painting. Millionths
    /// of a second.
    #[serde(default)]
    pub parts: Vec<u64>,
    /// The longest script while the visitor waited.
    #[serde(default)]
    pub script: String,
}

/// An error event of a page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Error {
    pub message: String,
    /// `error`, `rejection`, `resource`, `request`, `csp` or `captured`.
    #[serde(default)]
    pub kind: String,
    /// The stack, where there is one.
    #[serde(default)]
    pub stack: String,
    /// The feature it happened in.
    pub feature: Option<String>,
    /// The component it happened in.
    pub component: Option<String>,
    /// How bad it is; without one it is an error like any other.
    #[serde(default)]
    pub severity: Severity,
    /// How often it happened in a row.
    #[serde(default = "one")]
    pub count: u64,
    /// Whether it is of a browser extension, or says nothing to act on.
    #[serde(default)]
    pub noise: bool,
    /// What happened before it: milliseconds before, kind, text.
    #[serde(default)]
    pub crumbs: Vec<(u64, String, String)>,
}

fn one() -> u64 {
    1
}

/// How bad an error is.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    /// Something is slow or missing.
    Warning,
    /// Something does not work.
    #[default]
    Error,
    /// It must be looked at now.
    Critical,
}

/// What became of a task.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Started,
    Completed,
    /// It was given up.
    Abandoned,
}

/// A feedback item of a user.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Feedback {
    /// `rating`, `nps`, `bug` or `idea`.
    #[serde(default)]
    pub kind: String,
    #[serde(default, deserialize_with = "rating")]
    pub rating: Option<u8>,
    /// 0 to 10: how likely they would recommend it.
    #[serde(default, deserialize_with = "score")]
    pub score: Option<u8>,
    #[serde(default)]
    pub message: String,
    /// The id of a screenshot that was sent beside it.
    #[serde(default)]
    pub screenshot: String,
}

fn rating<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    whole("rating: 1 to 5", from)
}

fn score<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    whole("score: 0 to 10", from)
}

/// Reads a whole number, also one that a typed client writes as `4.0`.
fn whole<'de, D: Deserializer<'de>>(allowed: &str, from: D) -> Result<Option<u8>, D::Error> {
    let found: Option<f64> = Option::deserialize(from)?;
    let read = |number: f64| {
        let is_whole = number.fract() == 0.0 && (0.0..=255.0).contains(&number);
        is_whole
            .then_some(number as u8)
            .ok_or_else(|| D::Error::custom(format!("{allowed}, as a whole number, not {number}")))
    };
    found.map(read).transpose()
}

impl WireEvent {
    /// Checks what the types cannot.
    pub(super) fn validate(&self) -> Result<(), InvalidEvent> {
        match self {
            Self::Vital(vital) => vital.validate(),
            Self::Error(error) => error.validate(),
            Self::Feedback(feedback) => feedback.validate(),
            Self::View { nav, referrer } => bounded("nav", nav, MAX_NAME_CHARS).and(bounded(
                "referrer",
                referrer,
                MAX_NAME_CHARS,
            )),
            Self::Exposure { flag, variant } => {
                named("flag", flag).and_then(|()| named("variant", variant))
            }
            Self::Use { flag, props } => named("flag", flag).and_then(|()| properties(props)),
            Self::Engaged { flag, value } => named("flag", flag).and_then(|()| measured(*value)),
            Self::Task { name, value, .. } => named("name", name).and_then(|()| measured(*value)),
            Self::Custom { name, props } => named("name", name).and_then(|()| properties(props)),
            Self::Timing { name, value, .. } => named("name", name).and_then(|()| measured(*value)),
        }
    }
}

impl Vital {
    fn validate(&self) -> Result<(), InvalidEvent> {
        named("name", &self.name)?;
        // A shift of a hundred whole pages, or a page that took an hour, is a mistake and would bend
        // every mean.
        let most = if self.name == "CLS" { MAX_SHIFT } else { MAX_WAIT };
        at_most(self.value, most)?;
        at_most(self.was.unwrap_or_default(), most)?;
        for (field, text) in [
            ("nav", &self.nav),
            ("target", &self.target),
            ("url", &self.url),
            ("script", &self.script),
        ] {
            bounded(field, text, MAX_NAME_CHARS)?;
        }
        if self.parts.len() > 4 {
            return Err(too_many("parts", 4, self.parts.len()));
        }
        self.parts.iter().try_for_each(|part| measured(*part))
    }
}

impl Error {
    fn validate(&self) -> Result<(), InvalidEvent> {
        bounded("message", &self.message, MAX_MESSAGE_CHARS)?;
        bounded("kind", &self.kind, MAX_NAME_CHARS)?;
        bounded("stack", &self.stack, MAX_STACK_CHARS)?;
        bounded("feature", self.feature.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
        bounded("component", self.component.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
        if !(1..=1_000_000).contains(&self.count) {
            let message = format!("count: 1 to 1000000, found {}", self.count);
            return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "count", message));
        }
        if self.crumbs.len() > MAX_CRUMBS {
            return Err(too_many("crumbs", MAX_CRUMBS, self.crumbs.len()));
        }
        self.crumbs.iter().try_for_each(|(_, kind, text)| {
            bounded("crumbs", kind, MAX_NAME_CHARS)?;
            bounded("crumbs", text, MAX_NAME_CHARS)
        })
    }
}

impl Feedback {
    fn validate(&self) -> Result<(), InvalidEvent> {
        if self.rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
            return Err(InvalidEvent::new(
                InvalidEventCode::OutOfRange,
                "rating",
                "rating: 1 to 5",
            ));
        }
        if self.score.is_some_and(|score| score > 10) {
            return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "score", "score: 0 to 10"));
        }
        if self.rating.is_none() && self.score.is_none() && self.message.trim().is_empty() {
            let message = "message: needed where there is no rating and no score";
            return Err(InvalidEvent::new(InvalidEventCode::Empty, "message", message));
        }
        if !matches!(self.kind.as_str(), "" | "rating" | "nps" | "bug" | "idea") {
            let message = format!("kind: rating, nps, bug or idea, not {:?}", self.kind);
            return Err(InvalidEvent::new(InvalidEventCode::UnknownValue, "kind", message));
        }
        let id = self.screenshot.as_bytes();
        if !id.is_empty() && (id.len() != 32 || !id.iter().all(u8::is_ascii_hexdigit)) {
            let message = "screenshot: the id that POST /collect/screenshot has answered";
            return Err(InvalidEvent::new(InvalidEventCode::UnknownValue, "screenshot", message));
        }
        bounded("message", &self.message, MAX_MESSAGE_CHARS)
    }
}

/// Properties are single values: a tree of them could not be counted by.
fn properties(props: &Map<String, Value>) -> Result<(), InvalidEvent> {
    if props.len() > MAX_PROPERTIES {
        return Err(too_many("props", MAX_PROPERTIES, props.len()));
    }
    for (name, value) in props {
        named("props", name)?;
        match value {
            Value::String(text) => bounded("props", text, MAX_NAME_CHARS)
                .map_err(|error| error.at(&format!("props.{name}")))?,
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
            _ => {
                let message = format!("props.{name}: a text, a number or true or false is needed");
                return Err(InvalidEvent::new(InvalidEventCode::Malformed, "props", message));
            }
        }
    }
    Ok(())
}

pub(super) fn bounded(field: &'static str, text: &str, most: usize) -> Result<(), InvalidEvent> {
    let found = text.chars().count();
    if found > most {
        let message = format!("{field}: at most {most} characters, found {found}");
        return Err(InvalidEvent::new(InvalidEventCode::TooLong, field, message));
    }
    Ok(())
}

fn too_many(field: &'static str, most: usize, found: usize) -> InvalidEvent {
    let message = format!("{field}: at most {most}, found {found}");
    InvalidEvent::new(InvalidEventCode::TooMany, field, message)
}

fn named(field: &'static str, text: &str) -> Result<(), InvalidEvent> {
    if text.is_empty() {
        let message = format!("{field}: must not be empty");
        return Err(InvalidEvent::new(InvalidEventCode::Empty, field, message));
    }
    bounded(field, text, MAX_NAME_CHARS)
}

fn measured(value: u64) -> Result<(), InvalidEvent> {
    at_most(value, MAX_VALUE)
}

fn at_most(value: u64, most: u64) -> Result<(), InvalidEvent> {
    if value > most {
        let message = format!("value: at most {most} millionths, found {value}");
        return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "value", message));
    }
    Ok(())
}
