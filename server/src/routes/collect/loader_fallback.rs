//! Batches from pages where only the loader ran: it sends raw browser entries, which are converted
//! to events here.

use std::collections::BTreeMap;

use axum::body::Bytes;
use phasegate_collector::loader_fallback::{LoaderFallback, Seen, replay_events};
use phasegate_wire::MAX_EVENTS;
use serde::Deserialize;
use serde_json::Value;

/// The batch of a loader. Entries are lists, which take fewer bytes of code in the loader.
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

/// Converts the body of a loader to that of a collector; returns other bodies unchanged.
///
/// # Errors
/// Returns an error if the events cannot be converted to JSON.
pub(super) fn complete_batch(body: Bytes) -> Result<Bytes, serde_json::Error> {
    // A cheap pre-check; false positives, such as a flag of that name, are parsed and returned.
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
        seen: seen.iter().filter_map(|seen| parse_seen(seen)).collect(),
    };
    let events: Value = serde_json::from_str(&replay_events(&alone))?;
    let (events, dropped) = truncate_events(events);
    let mut batch = serde_json::json!({
        "v": sent.v, "batch": sent.batch, "session": sent.session, "exposed": sent.exposed,
        "dropped": sent.dropped.saturating_add(dropped), "events": events,
    });
    // Without browser storage each view would be a new visitor, so the loader sends none.
    for (name, value) in [("visitor", sent.visitor), ("user", sent.user)] {
        if let (Some(fields), Some(value)) = (batch.as_object_mut(), value) {
            fields.insert(name.to_owned(), value.into());
        }
    }
    Ok(serde_json::to_vec(&batch)?.into())
}

/// Truncates events to the maximum of a batch, and returns the number of dropped ones.
fn truncate_events(events: Value) -> (Value, u64) {
    let Value::Array(mut events) = events else { return (events, 0) };
    let dropped = events.len().saturating_sub(MAX_EVENTS);
    events.truncate(MAX_EVENTS);
    (Value::Array(events), dropped as u64)
}

/// Parses `["error", at, message, stack]`, a call of the app `[name, at, subject, detail,
/// duration]`, or a performance entry `[type, start, duration, value, hadRecentInput,
/// processingStart, interactionId, name]`.
fn parse_seen(seen: &[Value]) -> Option<Seen<'_>> {
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
