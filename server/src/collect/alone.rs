//! Batches of pages that the collector never came to: the loader sends what the browser told it, and
//! the rest is done here.

use axum::body::Bytes;
use phasegate_collector::alone::{Alone, Seen, events};
use serde::Deserialize;
use serde_json::Value;

/// What a loader sends; an entry or error is a list, so that it needs few bytes of code there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    v: u64,
    batch: String,
    session: String,
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
    alone: Vec<Vec<Value>>,
}

/// The body as the collector would have sent it. One that the collector did send is left as it is.
///
/// # Errors
/// When it is neither.
pub(super) fn completed(body: Bytes) -> Result<Bytes, serde_json::Error> {
    // Cheap to tell: the collector writes a name like that only inside of texts, with its quotes
    // escaped.
    if !body.windows(8).any(|window| window == b"\"alone\":") {
        return Ok(body);
    }
    let sent: Sent = serde_json::from_slice(&body)?;
    let alone = Alone {
        page: &sent.page,
        now: sent.now,
        activation: sent.activation_start.unwrap_or_default(),
        response: sent.response_start.unwrap_or_default(),
        was_hidden: sent.hidden,
        seen: sent.alone.iter().filter_map(|seen| read(seen)).collect(),
    };
    let events: Value = serde_json::from_str(&events(&alone))?;
    let batch = serde_json::json!({
        "v": sent.v, "batch": sent.batch, "session": sent.session, "events": events,
    });
    Ok(serde_json::to_vec(&batch)?.into())
}

/// `["error", at, message, stack]`, or an entry's `[type, start, duration, value, recent input,
/// start of its handlers, interaction, name]`.
fn read(seen: &[Value]) -> Option<Seen<'_>> {
    let text = |index: usize| seen.get(index).and_then(Value::as_str).unwrap_or_default();
    let number = |index: usize| seen.get(index).and_then(Value::as_f64).unwrap_or_default();
    Some(match seen.first()?.as_str()? {
        "error" => Seen::Error { at: number(1), message: text(2), stack: text(3) },
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
