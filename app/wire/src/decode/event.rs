//! The events of a batch.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::{InvalidEvent, InvalidEventCode};
use crate::{
    MAX_CRUMBS, MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_PROPERTIES, MAX_SHIFT, MAX_STACK_CHARS,
    MAX_VALUE, MAX_WAIT,
};

/// An event of a page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum WireEvent {
    /// A web vital, final or so far.
    Vital(Vital),
    Error(Error),
    /// A page was opened, or another route of a single-page app.
    View {
        /// The navigation type, as in [`Vital::nav`].
        #[serde(default)]
        nav: String,
        /// The referring site, without its path.
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
        /// Properties that the app adds.
        #[serde(default)]
        props: Map<String, Value>,
    },
    /// A feature was in use while the page was visible.
    Engaged {
        flag: String,
        /// The duration, in millionths of a second.
        value: u64,
    },
    /// A task was started, completed or abandoned.
    Task {
        name: String,
        outcome: Outcome,
        /// The duration, in millionths of a second; 0 at the start.
        #[serde(default)]
        value: u64,
    },
    /// An event that the app defines.
    Custom {
        name: String,
        /// Properties that the app adds.
        #[serde(default)]
        props: Map<String, Value>,
    },
    Timing {
        kind: String,
        /// The endpoint or component.
        name: String,
        /// The duration, in millionths of a second.
        value: u64,
        #[serde(default)]
        failed: bool,
    },
    /// A user gave feedback.
    Feedback(Feedback),
}

/// A web vital of one page view.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Vital {
    /// LCP, INP, CLS, FCP, TTFB or FID.
    pub name: String,
    /// In millionths of a second, for CLS in millionths of its score.
    pub value: u64,
    /// The earlier value of the same page view that it replaces.
    pub was: Option<u64>,
    /// The navigation type: `navigate`, `reload`, `back-forward-cache`, `prerender`, …
    #[serde(default)]
    pub nav: String,
    /// The element: the largest (LCP), the one that moved most (CLS) or the one used (INP).
    #[serde(default)]
    pub target: String,
    /// The URL of the largest element's resource.
    #[serde(default)]
    pub url: String,
    /// The parts of the value, in millionths of a second. LCP: time to first byte, load delay, load
    /// duration, render delay. INP: input delay, processing, presentation delay.
    #[serde(default)]
    pub parts: Vec<u64>,
    /// The longest script during the interaction.
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
    /// The stack trace, if there is one.
    #[serde(default)]
    pub stack: String,
    /// The feature it happened in.
    pub feature: Option<String>,
    /// The component it happened in.
    pub component: Option<String>,
    /// The severity; [`Severity::Error`] if missing.
    #[serde(default)]
    pub severity: Severity,
    /// The number of occurrences in a row.
    #[serde(default = "default_count")]
    pub count: u64,
    /// Whether it comes from a browser extension, or is not actionable.
    #[serde(default)]
    pub noise: bool,
    /// Breadcrumbs: milliseconds before the error, kind, text.
    #[serde(default)]
    pub crumbs: Vec<(u64, String, String)>,
}

fn default_count() -> u64 {
    1
}

/// The severity of an error.
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
    /// It needs attention now.
    Critical,
}

/// The outcome of a task.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Started,
    Completed,
    Abandoned,
}

/// A feedback item of a user.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Feedback {
    /// `rating`, `nps`, `bug` or `idea`.
    #[serde(default)]
    pub kind: String,
    #[serde(default, deserialize_with = "deserialize_rating")]
    pub rating: Option<u8>,
    /// How likely the user would recommend the app, 0 to 10.
    #[serde(default, deserialize_with = "deserialize_score")]
    pub score: Option<u8>,
    #[serde(default)]
    pub message: String,
    /// The id of a screenshot that was sent before.
    #[serde(default)]
    pub screenshot: String,
}

fn deserialize_rating<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    deserialize_whole_number("rating: 1 to 5", from)
}

fn deserialize_score<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    deserialize_whole_number("score: 0 to 10", from)
}

/// Reads a whole number, also one that a typed client writes as `4.0`.
fn deserialize_whole_number<'de, D: Deserializer<'de>>(
    allowed: &str,
    from: D,
) -> Result<Option<u8>, D::Error> {
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
    /// Checks the rules that the types do not express.
    pub(super) fn validate(&self) -> Result<(), InvalidEvent> {
        match self {
            Self::Vital(vital) => vital.validate(),
            Self::Error(error) => error.validate(),
            Self::Feedback(feedback) => feedback.validate(),
            Self::View { nav, referrer } => check_length("nav", nav, MAX_NAME_CHARS)
                .and(check_length("referrer", referrer, MAX_NAME_CHARS)),
            Self::Exposure { flag, variant } => {
                check_name("flag", flag).and_then(|()| check_name("variant", variant))
            }
            Self::Use { flag, props } => {
                check_name("flag", flag).and_then(|()| check_properties(props))
            }
            Self::Engaged { flag, value } => {
                check_name("flag", flag).and_then(|()| check_measured_value(*value))
            }
            Self::Task { name, value, .. } => {
                check_name("name", name).and_then(|()| check_measured_value(*value))
            }
            Self::Custom { name, props } => {
                check_name("name", name).and_then(|()| check_properties(props))
            }
            Self::Timing { name, value, .. } => {
                check_name("name", name).and_then(|()| check_measured_value(*value))
            }
        }
    }
}

impl Vital {
    fn validate(&self) -> Result<(), InvalidEvent> {
        check_name("name", &self.name)?;
        // A layout shift above 100 or a wait of more than an hour is a mistake, and would distort
        // every mean.
        let most = if self.name == "CLS" { MAX_SHIFT } else { MAX_WAIT };
        check_at_most(self.value, most)?;
        check_at_most(self.was.unwrap_or_default(), most)?;
        for (field, text) in [
            ("nav", &self.nav),
            ("target", &self.target),
            ("url", &self.url),
            ("script", &self.script),
        ] {
            check_length(field, text, MAX_NAME_CHARS)?;
        }
        if self.parts.len() > 4 {
            return Err(too_many_error("parts", 4, self.parts.len()));
        }
        self.parts.iter().try_for_each(|part| check_measured_value(*part))
    }
}

impl Error {
    fn validate(&self) -> Result<(), InvalidEvent> {
        check_length("message", &self.message, MAX_MESSAGE_CHARS)?;
        check_length("kind", &self.kind, MAX_NAME_CHARS)?;
        check_length("stack", &self.stack, MAX_STACK_CHARS)?;
        check_length("feature", self.feature.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
        check_length("component", self.component.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
        if !(1..=1_000_000).contains(&self.count) {
            let message = format!("count: 1 to 1000000, found {}", self.count);
            return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "count", message));
        }
        if self.crumbs.len() > MAX_CRUMBS {
            return Err(too_many_error("crumbs", MAX_CRUMBS, self.crumbs.len()));
        }
        self.crumbs.iter().try_for_each(|(_, kind, text)| {
            check_length("crumbs", kind, MAX_NAME_CHARS)?;
            check_length("crumbs", text, MAX_NAME_CHARS)
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
        check_length("message", &self.message, MAX_MESSAGE_CHARS)
    }
}

/// Checks properties. They must be scalars, because nested values cannot be grouped by.
fn check_properties(props: &Map<String, Value>) -> Result<(), InvalidEvent> {
    if props.len() > MAX_PROPERTIES {
        return Err(too_many_error("props", MAX_PROPERTIES, props.len()));
    }
    for (name, value) in props {
        check_name("props", name)?;
        match value {
            Value::String(text) => check_length("props", text, MAX_NAME_CHARS)
                .map_err(|error| error.with_path(&format!("props.{name}")))?,
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
            _ => {
                let message = format!("props.{name}: a text, a number or true or false is needed");
                return Err(InvalidEvent::new(InvalidEventCode::Malformed, "props", message));
            }
        }
    }
    Ok(())
}

pub(super) fn check_length(
    field: &'static str,
    text: &str,
    most: usize,
) -> Result<(), InvalidEvent> {
    let found = text.chars().count();
    if found > most {
        let message = format!("{field}: at most {most} characters, found {found}");
        return Err(InvalidEvent::new(InvalidEventCode::TooLong, field, message));
    }
    Ok(())
}

fn too_many_error(field: &'static str, most: usize, found: usize) -> InvalidEvent {
    let message = format!("{field}: at most {most}, found {found}");
    InvalidEvent::new(InvalidEventCode::TooMany, field, message)
}

fn check_name(field: &'static str, text: &str) -> Result<(), InvalidEvent> {
    if text.is_empty() {
        let message = format!("{field}: must not be empty");
        return Err(InvalidEvent::new(InvalidEventCode::Empty, field, message));
    }
    check_length(field, text, MAX_NAME_CHARS)
}

fn check_measured_value(value: u64) -> Result<(), InvalidEvent> {
    check_at_most(value, MAX_VALUE)
}

fn check_at_most(value: u64, most: u64) -> Result<(), InvalidEvent> {
    if value > most {
        let message = format!("value: at most {most} millionths, found {value}");
        return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "value", message));
    }
    Ok(())
}
