//! Batches of pages that the collector never came to: the loader sends what the browser told it, and
//! the rest is done here.

use std::collections::BTreeMap;

use axum::body::Bytes;
use phasegate_collector::loader_fallback::{LoaderFallback, Seen, events};
use phasegate_wire::MAX_EVENTS;
use serde::Deserialize;
use serde_json::Value;

/// What a loader sends; an entry or error is a list, so that it needs few bytes of code there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    v: u64,
    batch: String,
    session: String,
    visitor: Option<String>,
    user: Option<String>,
    #[serde(default)]
    exposed: BTreeMap<String, String>,
    #[serde(default)]
    dropped: u64,
    #[serde(default)]
    page: String,
    #[serde(default)]
    now: f64,
    #[serde(default)]
    response_start: Option<f64>,
    #[serde(default)]
    activation_start: Option<f64>,
    #[serde(default)]
    hidden: bool,
    alone: Option<Vec<Vec<Value>>>,
}

/// The body as the collector would have sent it. One that the collector did send is left as it is.
///
/// # Errors
/// When it cannot be written.
pub(super) fn completed(body: Bytes) -> Result<Bytes, serde_json::Error> {
    // Cheap to tell, and mostly right: a flag or property may have that name too.
    if !body.windows(8).any(|window| window == b"\"alone\":") {
        return Ok(body);
    }
    let Ok(sent) = serde_json::from_slice::<Sent>(&body) else { return Ok(body) };
    let Some(seen) = &sent.alone else { return Ok(body) };
    let alone = LoaderFallback {
        page: &sent.page,
        now: sent.now,
        activation: sent.activation_start.unwrap_or_default(),
        response: sent.response_start.unwrap_or_default(),
        was_hidden: sent.hidden,
        seen: seen.iter().filter_map(|seen| read(seen)).collect(),
    };
    let events: Value = serde_json::from_str(&events(&alone))?;
    let (events, dropped) = fitting(events);
    let mut batch = serde_json::json!({
        "v": sent.v, "batch": sent.batch, "session": sent.session, "exposed": sent.exposed,
        "dropped": sent.dropped.saturating_add(dropped), "events": events,
    });
    // Without storage each view would be a new visitor, and so counts as none.
    for (name, value) in [("visitor", sent.visitor), ("user", sent.user)] {
        if let (Some(fields), Some(value)) = (batch.as_object_mut(), value) {
            fields.insert(name.to_owned(), value.into());
        }
    }
    Ok(serde_json::to_vec(&batch)?.into())
}

/// As many events as one batch may hold, and how many those are that it may not.
fn fitting(events: Value) -> (Value, u64) {
    let Value::Array(mut events) = events else { return (events, 0) };
    let dropped = events.len().saturating_sub(MAX_EVENTS);
    events.truncate(MAX_EVENTS);
    (Value::Array(events), dropped as u64)
}

/// `["error", at, message, stack]`, what the app said as `[name, at, about, more, duration]`, or an entry's `[type, start, duration, value, recent input,
/// start of its handlers, interaction, name]`.
fn read(seen: &[Value]) -> Option<Seen<'_>> {
    let text = |index: usize| seen.get(index).and_then(Value::as_str).unwrap_or_default();
    let number = |index: usize| seen.get(index).and_then(Value::as_f64).unwrap_or_default();
    Some(match seen.first()?.as_str()? {
        "error" => Seen::Error { at: number(1), message: text(2), stack: text(3) },
        "exposure" => Seen::Exposure { at: number(1), flag: text(2), variant: text(3) },
        "use" => Seen::Used { at: number(1), flag: text(2) },
        "custom" => Seen::Custom { at: number(1), name: text(2) },
        "task" => {
            Seen::Task { at: number(1), name: text(2), outcome: text(3), duration: number(4) }
        }
        "timing" => {
            Seen::Timing { at: number(1), kind: text(2), name: text(3), duration: number(4) }
        }
        kind => Seen::Entry {
            kind,
            start: number(1),
            duration: number(2),
            value: number(3),
            had_recent_input: seen.get(4) == Some(&Value::Bool(true)),
            processing_start: number(5),
            interaction: number(6),
            name: text(7),
        },
    })
}
