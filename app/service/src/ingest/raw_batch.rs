//! Raw events as they are stored: the page's events without user ids.

use phasegate_domain::events::Visit;
use phasegate_wire::decode;
use serde::Serialize;
use serde_json::value::RawValue;

/// The zstd level. A higher one costs time with every batch and saves little.
const LEVEL: i32 = 1;

#[derive(Serialize)]
struct RawBatch<'a> {
    /// The digest of the session id in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    returning: bool,
    rate: u64,
    device: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<u16>,
    exposed: Vec<String>,
    segments: Vec<&'a str>,
    events: Vec<&'a RawValue>,
}

/// Compresses the accepted events of a batch; `is_accepted` is in their order. Returns an empty
/// vector if that fails, because the counts must not be lost with the raw events.
pub(super) fn compress_events(
    payload: &decode::Batch<'_>,
    visit: &Visit,
    is_accepted: &[bool],
) -> Vec<u8> {
    let accepted = payload.texts.iter().zip(is_accepted).filter(|(_, is_accepted)| **is_accepted);
    let events = accepted.filter_map(|(text, _)| serde_json::from_str(text).ok()).collect();
    let raw = RawBatch {
        session: visit.who.map(|(_, session)| format!("{:016x}", session.0)),
        returning: payload.returning,
        rate: payload.rate,
        device: visit.device.as_str(),
        connection: payload.connection.as_deref(),
        release: payload.release.as_deref(),
        phase: visit.phase.map(|phase| phase.0),
        exposed: visit.exposed.iter().map(|(flag, variant)| format!("{flag}:{variant}")).collect(),
        segments: visit.segments.iter().map(|segment| segment.as_str()).collect(),
        events,
    };
    let text = serde_json::to_vec(&raw).unwrap_or_default();
    zstd::encode_all(text.as_slice(), LEVEL).unwrap_or_default()
}
