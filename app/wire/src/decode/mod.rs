//! Decodes batches, with strict size limits and precise errors.

mod event;
mod invalid_event;

use std::collections::BTreeMap;

pub use event::{Error, Feedback, Outcome, Severity, Vital, WireEvent};
pub use invalid_event::{InvalidEvent, InvalidEventCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{MAX_AGE, MAX_EVENTS, MAX_EXPOSED, MAX_NAME_CHARS, MAX_SEGMENTS, VERSION};

/// A batch with a valid frame. Each event is decoded, or the reason why it is invalid.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Unique per environment; a repeated batch counts once.
    pub id: String,
    /// The id of the visit.
    pub session: String,
    /// The visitor's anonymous id, chosen by the page.
    pub visitor: Option<String>,
    /// The user's id as the app gave it.
    pub user: Option<String>,
    /// Whether the visitor was here before this visit.
    pub returning: bool,
    /// The share of visits that are measured, in millionths.
    pub rate: u64,
    /// The visitor's class of device.
    pub device: Device,
    /// Such as `4g`, if the browser reports it.
    pub connection: Option<String>,
    /// The app's version, if the page reports it.
    pub release: Option<String>,
    /// The variant of each flag that the visit was exposed to.
    pub exposed: BTreeMap<String, String>,
    /// The user's segments, as the server's answers named them.
    pub segments: Vec<String>,
    /// The number of events that the page had to drop before.
    pub dropped: u64,
    /// Set in simulated batches.
    pub simulated: Option<Simulated>,
    /// In the order of the payload.
    pub events: Vec<Result<Timed, InvalidEvent>>,
    /// The JSON text of each event, in the same order.
    pub texts: Vec<&'a str>,
}

impl Batch<'_> {
    /// Refuses the events with a replacement character (U+FFFD), which stands for invalid bytes.
    /// Call this if the body was not valid UTF-8.
    pub fn refuse_damaged(&mut self) {
        for (event, text) in self.events.iter_mut().zip(&self.texts) {
            if text.contains(char::REPLACEMENT_CHARACTER) {
                let message = "the event is not valid UTF-8";
                *event = Err(InvalidEvent::new(InvalidEventCode::InvalidUtf8, "", message));
            }
        }
    }
}

/// The simulated time, phase and seed of a simulated batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulated {
    /// The simulated time of sending, in milliseconds since 1970.
    pub at: i64,
    /// The simulated phase of the rollout.
    pub phase: Option<u16>,
    /// The seed of the simulation.
    pub seed: u64,
}

/// The device class of a visitor.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    Phone,
    Tablet,
    #[default]
    Desktop,
}

/// An event with its age and page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Timed {
    /// Milliseconds before the batch was sent.
    #[serde(default)]
    pub age: u64,
    /// The page's path, without query and fragment.
    #[serde(default)]
    pub page: String,
    #[serde(flatten)]
    pub event: WireEvent,
}

/// Why a batch is refused as a whole. The text does not repeat the field.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBatch {
    /// Not JSON, or of another shape.
    #[error("the body is not a batch: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the payload.
    #[error("this server reads version {VERSION}, the batch says {0}; reload the collector")]
    Version(u64),
    /// A text of the frame is empty or too long.
    #[error("1 to {MAX_NAME_CHARS} characters are needed")]
    Text {
        /// Such as `batch` or `session`.
        field: &'static str,
    },
    /// The rate is out of range.
    #[error("1 to {MILLION} millionths, found {0}")]
    Rate(u64),
    /// More than [`MAX_EXPOSED`] flags in `exposed`.
    #[error("at most {MAX_EXPOSED} flags, found {0}")]
    TooManyExposed(usize),
    /// More than [`MAX_SEGMENTS`] segments are named.
    #[error("at most {MAX_SEGMENTS}, found {0}")]
    TooManySegments(usize),
    /// More events than [`MAX_EVENTS`].
    #[error("at most {MAX_EVENTS} are taken in one batch, this one has {0}")]
    TooMany(usize),
}

impl InvalidBatch {
    /// The field that is wrong; empty if it is the body as a whole.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "",
            Self::Version(_) => "v",
            Self::Text { field } => field,
            Self::Rate(_) => "rate",
            Self::TooManyExposed(_) => "exposed",
            Self::TooManySegments(_) => "segments",
            Self::TooMany(_) => "events",
        }
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    v: u64,
    batch: String,
    session: String,
    visitor: Option<String>,
    user: Option<String>,
    #[serde(default)]
    returning: bool,
    #[serde(default = "full_rate")]
    rate: u64,
    #[serde(default)]
    device: Device,
    connection: Option<String>,
    release: Option<String>,
    #[serde(default)]
    exposed: BTreeMap<String, String>,
    /// Separated by commas, because metadata of answers can only be scalars.
    #[serde(default)]
    segments: String,
    #[serde(default)]
    dropped: u64,
    simulated: Option<Simulated>,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// A rate of 100 %, in millionths.
const MILLION: u64 = 1_000_000;

fn full_rate() -> u64 {
    MILLION
}

/// Decodes a body. The caller must bound its size.
///
/// # Errors
/// Returns an error if the frame is invalid; an invalid event is reported in its position instead.
pub fn decode_batch(body: &[u8]) -> Result<Batch<'_>, InvalidBatch> {
    let frame: Frame<'_> = serde_json::from_slice(body)?;
    if frame.v != VERSION {
        return Err(InvalidBatch::Version(frame.v));
    }
    for (field, text) in [
        ("batch", Some(&frame.batch)),
        ("session", Some(&frame.session)),
        ("visitor", frame.visitor.as_ref()),
        ("user", frame.user.as_ref()),
        ("connection", frame.connection.as_ref()),
        ("release", frame.release.as_ref()),
    ] {
        if text.is_some_and(|text| text.is_empty() || text.chars().count() > MAX_NAME_CHARS) {
            return Err(InvalidBatch::Text { field });
        }
    }
    if !(1..=MILLION).contains(&frame.rate) {
        return Err(InvalidBatch::Rate(frame.rate));
    }
    if frame.exposed.len() > MAX_EXPOSED {
        return Err(InvalidBatch::TooManyExposed(frame.exposed.len()));
    }
    let segments = frame.segments.split(',').filter(|segment| !segment.is_empty());
    let segments: Vec<String> = segments.map(str::to_owned).collect();
    if segments.len() > MAX_SEGMENTS {
        return Err(InvalidBatch::TooManySegments(segments.len()));
    }
    if frame.events.len() > MAX_EVENTS {
        return Err(InvalidBatch::TooMany(frame.events.len()));
    }
    Ok(Batch {
        id: frame.batch,
        session: frame.session,
        visitor: frame.visitor,
        user: frame.user,
        returning: frame.returning,
        rate: frame.rate,
        device: frame.device,
        connection: frame.connection,
        release: frame.release,
        exposed: frame.exposed,
        segments,
        dropped: frame.dropped,
        simulated: frame.simulated,
        events: frame.events.iter().map(|text| decode_event(text.get())).collect(),
        texts: frame.events.into_iter().map(RawValue::get).collect(),
    })
}

fn decode_event(text: &str) -> Result<Timed, InvalidEvent> {
    let malformed = |error: serde_json::Error| {
        InvalidEvent::new(InvalidEventCode::Malformed, "", error.to_string())
    };
    let timed: Timed = serde_json::from_str(text).map_err(malformed)?;
    if timed.age > MAX_AGE {
        let message = format!("age: at most {MAX_AGE} ms, found {}", timed.age);
        return Err(InvalidEvent::new(InvalidEventCode::OutOfRange, "age", message));
    }
    event::check_length("page", &timed.page, MAX_NAME_CHARS)?;
    timed.event.validate()?;
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_with_events(events: &str) -> String {
        format!(r#"{{"v":1,"batch":"b","session":"s","events":[{events}]}}"#)
    }

    fn event_error(event: &str) -> String {
        let body = frame_with_events(event);
        let batch = decode_batch(body.as_bytes()).unwrap();
        batch.events.into_iter().next().unwrap().unwrap_err().message
    }

    #[test]
    fn invalid_frames_are_refused_with_the_reason() {
        assert!(matches!(decode_batch(b"{"), Err(InvalidBatch::Malformed(_))));
        let body = frame_with_events("").replace("\"v\":1", "\"v\":2");
        assert!(matches!(decode_batch(body.as_bytes()), Err(InvalidBatch::Version(2))));
        let body = frame_with_events("").replace("\"s\"", "\"\"");
        assert!(matches!(
            decode_batch(body.as_bytes()),
            Err(InvalidBatch::Text { field: "session" })
        ));
        let body = frame_with_events(&vec!["1"; 201].join(","));
        assert!(matches!(decode_batch(body.as_bytes()), Err(InvalidBatch::TooMany(201))));
    }

    #[test]
    fn a_frame_carries_visit_visitor_and_device() {
        let body = frame_with_events("").replace(
            "\"session\":\"s\"",
            r#""session":"s","visitor":"v","user":"ada","returning":true,"rate":500000,
               "device":"phone","connection":"4g","release":"1.2","exposed":{"A":"on"},"dropped":3,"segments":"beta,internal",
               "simulated":{"at":5,"phase":2,"seed":7}"#,
        );
        let batch = decode_batch(body.as_bytes()).unwrap();
        assert_eq!((batch.visitor.as_deref(), batch.user.as_deref()), (Some("v"), Some("ada")));
        assert_eq!((batch.returning, batch.rate, batch.dropped), (true, 500_000, 3));
        assert_eq!((batch.device, batch.connection.as_deref()), (Device::Phone, Some("4g")));
        assert_eq!((batch.release.as_deref(), batch.exposed["A"].as_str()), (Some("1.2"), "on"));
        assert_eq!(batch.segments, ["beta", "internal"]);
        assert_eq!(batch.simulated, Some(Simulated { at: 5, phase: Some(2), seed: 7 }));
        let wrong =
            |from: &str, to: &str| super::decode_batch(body.replace(from, to).leak().as_bytes());
        let many = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert!(matches!(wrong("beta,internal", &many), Err(InvalidBatch::TooManySegments(60))));
        assert!(matches!(wrong("500000", "0"), Err(InvalidBatch::Rate(0))));
        assert!(matches!(wrong("phone", "watch"), Err(InvalidBatch::Malformed(_))));
        assert!(matches!(wrong("\"ada\"", "\"\""), Err(InvalidBatch::Text { field: "user" })));
    }

    #[test]
    fn invalid_events_are_refused_with_the_reason() {
        assert!(event_error(r#"{"t":"dance"}"#).contains("unknown variant `dance`"));
        assert!(event_error(r#"{"t":"vital","name":"LCP"}"#).contains("missing field `value`"));
        assert!(event_error(r#"{"t":"vital","name":"LCP","value":-1}"#).contains("invalid value"));
        let slow = event_error(r#"{"t":"vital","name":"LCP","value":36000000000}"#);
        assert!(slow.starts_with("value: at most 3600000000"), "{slow}");
        assert!(
            event_error(r#"{"t":"vital","name":"CLS","value":100000001}"#).starts_with("value:")
        );
        let deep = format!(
            r#"{{"t":"custom","name":"a","props":{{"x":{}}}}}"#,
            "[".repeat(200) + &"]".repeat(200)
        );
        assert!(event_error(&deep).contains("recursion limit"), "{}", event_error(&deep));
        assert!(event_error(r#"{"t":"use","flag":""}"#).starts_with("flag: must not be empty"));
        assert!(event_error(r#"{"t":"feedback","rating":6}"#).starts_with("rating: 1 to 5"));
        let half = event_error(r#"{"t":"feedback","rating":4.5}"#);
        assert!(half.starts_with("rating: 1 to 5, as a whole number, not 4.5"), "{half}");
        assert!(event_error(r#"{"t":"feedback","score":-1.0}"#).starts_with("score: 0 to 10"));
        let body = frame_with_events(r#"{"t":"feedback","rating":4.0,"score":null}"#);
        let sent = decode_batch(body.as_bytes()).unwrap();
        assert!(matches!(
            sent.events[0].as_ref().unwrap().event,
            WireEvent::Feedback(Feedback { rating: Some(4), score: None, .. })
        ));
        assert!(event_error(r#"{"t":"feedback"}"#).starts_with("message: needed"));
        let long = format!(r#"{{"t":"error","message":"{}"}}"#, "x".repeat(1_001));
        assert!(event_error(&long).starts_with("message: at most 1000"));
        assert!(event_error(r#"{"t":"feedback","score":11}"#).starts_with("score: 0 to 10"));
        assert!(
            event_error(r#"{"t":"custom","name":"a","props":{"x":[1]}}"#).starts_with("props.x:")
        );
        assert!(
            event_error(r#"{"t":"task","name":"a","outcome":"lost"}"#).contains("unknown variant")
        );
        assert!(event_error(r#"{"t":"error","message":"a","count":0}"#).starts_with("count: 1 to"));
        assert!(
            event_error(r#"{"t":"use","flag":"A","age":86400001}"#).starts_with("age: at most")
        );
    }

    #[test]
    fn an_invalid_event_does_not_affect_the_others() {
        let body = frame_with_events(r#"{"t":"x"},{"t":"use","flag":"A"}"#);
        let batch = decode_batch(body.as_bytes()).unwrap();
        assert_eq!(batch.texts, [r#"{"t":"x"}"#, r#"{"t":"use","flag":"A"}"#]);
        assert!(batch.events[0].is_err());
        assert!(batch.events[1].is_ok());
    }
}
