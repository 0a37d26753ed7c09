//! Events as they are kept for a while: what the page sent, without what tells who it was.

use phasegate_domain::events::Visit;
use phasegate_wire::decode;
use serde::Serialize;
use serde_json::value::RawValue;

/// How hard it is tried: more costs time with every batch, and saves little.
const LEVEL: i32 = 1;

#[derive(Serialize)]
struct Kept<'a> {
    /// In hexadecimal: ties the batches of a session together.
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

/// The compressed form of a batch's events, but for those that were refused (`is_taken` says of each
/// whether it was not). Empty if it cannot be made, which only memory could be a reason for: what is
/// counted must not be lost for it.
pub(super) fn compressed(payload: &decode::Batch<'_>, visit: &Visit, is_taken: &[bool]) -> Vec<u8> {
    let taken = payload.texts.iter().zip(is_taken).filter(|(_, is_taken)| **is_taken);
    let events = taken.filter_map(|(text, _)| serde_json::from_str(text).ok()).collect();
    let kept = Kept {
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
    let text = serde_json::to_vec(&kept).unwrap_or_default();
    zstd::encode_all(text.as_slice(), LEVEL).unwrap_or_default()
}
