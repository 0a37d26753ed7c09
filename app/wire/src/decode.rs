//! Reading a batch: strict about sizes, and precise about what is wrong.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    MAX_AGE, MAX_EVENTS, MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_STACK_CHARS, MAX_VALUE, VERSION,
};

/// A batch whose frame is sound. Each event is there, or the reason why not.
#[derive(Debug)]
pub struct Batch {
    /// Unique per environment; a repeated one counts once.
    pub id: String,
    /// The visit that it belongs to.
    pub session: String,
    /// How many events the page had to drop before.
    pub dropped: u64,
    /// In the order of the payload.
    pub events: Vec<Result<Timed, String>>,
}

/// An event with its time and place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Timed {
    /// Milliseconds before the batch was sent.
    #[serde(default)]
    pub age: u64,
    /// The page's path, without query and fragment.
    #[serde(default)]
    pub page: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened in the page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// A web vital was final; `value` in millionths.
    Vital {
        /// LCP, INP, CLS, FCP, TTFB or FID.
        name: String,
        /// In millionths of a second, or of a score.
        value: u64,
    },
    /// Something went wrong.
    Error {
        /// The message.
        message: String,
        /// The stack, where there is one.
        #[serde(default)]
        stack: String,
        /// The feature it happened in.
        feature: Option<String>,
        /// The component it happened in.
        component: Option<String>,
    },
    /// The app asked for a flag and acted on the answer.
    Exposure {
        /// Which flag.
        flag: String,
        /// What it answered.
        variant: String,
    },
    /// A user used a feature.
    Use {
        /// The feature's flag.
        flag: String,
    },
    /// The app's own event.
    Custom {
        /// Its name.
        name: String,
    },
    /// Something was timed.
    Timing {
        /// `api` or `render`.
        kind: String,
        /// The endpoint or component.
        name: String,
        /// In millionths of a second.
        value: u64,
    },
    /// A user said something.
    Feedback {
        /// 1 to 5.
        rating: Option<u8>,
        /// What they said.
        #[serde(default)]
        message: String,
    },
}

/// Why a whole batch is refused.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBatch {
    /// Not JSON, or not of this shape.
    #[error("the body is not a batch: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the payload.
    #[error("v: this server reads version {VERSION}, the batch says {0}; reload the collector")]
    Version(u64),
    /// An id that cannot be kept.
    #[error("{field}: 1 to {MAX_NAME_CHARS} characters are needed")]
    Id {
        /// `batch` or `session`.
        field: &'static str,
    },
    /// More than a collector ever sends.
    #[error("events: at most {MAX_EVENTS} are taken in one batch, this one has {0}")]
    TooMany(usize),
}

#[derive(Deserialize)]
struct Frame {
    v: u64,
    batch: String,
    session: String,
    #[serde(default)]
    dropped: u64,
    events: Vec<Value>,
}

/// Reads a body. The caller has bounded its size.
///
/// # Errors
/// When the frame is wrong; a wrong event is reported in its place instead.
pub fn batch(body: &[u8]) -> Result<Batch, InvalidBatch> {
    let frame: Frame = serde_json::from_slice(body)?;
    if frame.v != VERSION {
        return Err(InvalidBatch::Version(frame.v));
    }
    for (field, id) in [("batch", &frame.batch), ("session", &frame.session)] {
        if id.is_empty() || id.chars().count() > MAX_NAME_CHARS {
            return Err(InvalidBatch::Id { field });
        }
    }
    if frame.events.len() > MAX_EVENTS {
        return Err(InvalidBatch::TooMany(frame.events.len()));
    }
    Ok(Batch {
        id: frame.batch,
        session: frame.session,
        dropped: frame.dropped,
        events: frame.events.into_iter().map(event).collect(),
    })
}

fn event(value: Value) -> Result<Timed, String> {
    let timed: Timed = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if timed.age > MAX_AGE {
        return Err(format!("age: at most {MAX_AGE} ms, found {}", timed.age));
    }
    bounded("page", &timed.page, MAX_NAME_CHARS)?;
    match &timed.event {
        Event::Vital { name, value } => named("name", name).and(measured(*value))?,
        Event::Timing { name, value, .. } => named("name", name).and(measured(*value))?,
        Event::Custom { name } => named("name", name)?,
        Event::Use { flag } => named("flag", flag)?,
        Event::Exposure { flag, variant } => named("flag", flag).and(named("variant", variant))?,
        Event::Error { message, stack, feature, component } => {
            bounded("message", message, MAX_MESSAGE_CHARS)?;
            bounded("stack", stack, MAX_STACK_CHARS)?;
            bounded("feature", feature.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
            bounded("component", component.as_deref().unwrap_or_default(), MAX_NAME_CHARS)?;
        }
        Event::Feedback { rating, message } => {
            if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
                return Err("rating: 1 to 5".to_owned());
            }
            if rating.is_none() && message.trim().is_empty() {
                return Err("message: needed where there is no rating".to_owned());
            }
            bounded("message", message, MAX_MESSAGE_CHARS)?;
        }
    }
    Ok(timed)
}

fn bounded(field: &str, text: &str, most: usize) -> Result<(), String> {
    let found = text.chars().count();
    if found > most {
        return Err(format!("{field}: at most {most} characters, found {found}"));
    }
    Ok(())
}

fn named(field: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{field}: must not be empty"));
    }
    bounded(field, text, MAX_NAME_CHARS)
}

fn measured(value: u64) -> Result<(), String> {
    if value > MAX_VALUE {
        return Err(format!("value: at most {MAX_VALUE} millionths, found {value}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(events: &str) -> String {
        format!(r#"{{"v":1,"batch":"b","session":"s","events":[{events}]}}"#)
    }

    fn complaint(event: &str) -> String {
        let batch = batch(frame(event).as_bytes()).unwrap();
        batch.events.into_iter().next().unwrap().unwrap_err()
    }

    #[test]
    fn a_frame_says_what_is_wrong_with_it() {
        assert!(matches!(batch(b"{"), Err(InvalidBatch::Malformed(_))));
        let body = frame("").replace("\"v\":1", "\"v\":2");
        assert!(matches!(batch(body.as_bytes()), Err(InvalidBatch::Version(2))));
        let body = frame("").replace("\"s\"", "\"\"");
        assert!(matches!(batch(body.as_bytes()), Err(InvalidBatch::Id { field: "session" })));
        let body = frame(&vec!["1"; 201].join(","));
        assert!(matches!(batch(body.as_bytes()), Err(InvalidBatch::TooMany(201))));
    }

    #[test]
    fn an_event_says_what_is_wrong_with_it() {
        assert!(complaint(r#"{"t":"dance"}"#).contains("unknown variant `dance`"));
        assert!(complaint(r#"{"t":"vital","name":"LCP"}"#).contains("missing field `value`"));
        assert!(complaint(r#"{"t":"vital","name":"LCP","value":-1}"#).contains("invalid value"));
        assert!(complaint(r#"{"t":"use","flag":""}"#).starts_with("flag: must not be empty"));
        assert!(complaint(r#"{"t":"feedback","rating":6}"#).starts_with("rating: 1 to 5"));
        assert!(complaint(r#"{"t":"feedback"}"#).starts_with("message: needed"));
        let long = format!(r#"{{"t":"error","message":"{}"}}"#, "x".repeat(1_001));
        assert!(complaint(&long).starts_with("message: at most 1000"));
        assert!(complaint(r#"{"t":"use","flag":"A","age":86400001}"#).starts_with("age: at most"));
    }

    #[test]
    fn a_wrong_event_does_not_spoil_the_others() {
        let batch = batch(frame(r#"{"t":"x"},{"t":"use","flag":"A"}"#).as_bytes()).unwrap();
        assert!(batch.events[0].is_err());
        assert!(batch.events[1].is_ok());
    }
}
