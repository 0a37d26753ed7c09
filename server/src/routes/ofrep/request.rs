//! Reads and authorises evaluation requests, single and bulk.

use std::{hash::BuildHasher, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
};
use foldhash::quality::FixedState;
use phasegate_domain::{
    config::FlagEntry,
    targeting::{EvaluationContext, SentContext},
};
use phasegate_service::{
    CachedEnvironment,
    keys::{self, Purpose},
};
use serde::Deserialize;

use super::error::{ErrorCode, OfrepError};
use crate::http::{AppState, ClientAddress, Connection, Sender, key_status, sent_key, sent_origin};

/// The maximum size of a body, in bytes: a context of 64 KiB and its envelope.
const MAX_BODY_BYTES: usize = 65_536 + 1_024;

/// The hasher of `ETag` values, with a fixed seed so that they survive restarts. A fast hash is sufficient,
/// because forging a tag gains nothing.
pub(super) const TAG_HASH: FixedState = FixedState::with_seed(0);

/// An authorised evaluation request.
pub(super) struct OfrepContext {
    /// The environment of its key.
    pub(super) live: Arc<CachedEnvironment>,
    /// The context to evaluate for.
    pub(super) context: EvaluationContext,
    /// A hash of the body, for the `ETag`.
    pub(super) digest: u64,
}

/// Authorises a request and reads its context.
pub(super) async fn read_request(
    state: &AppState,
    from: ClientAddress,
    connection: &Connection,
    headers: &HeaderMap,
    body: Body,
) -> Result<OfrepContext, OfrepError> {
    let service = &state.service;
    let unauthorised = |error: keys::KeyError| {
        OfrepError::new(key_status(&error), ErrorCode::General, error.to_string())
    };
    let (key, origin) = (sent_key(headers), sent_origin(headers));
    let app = keys::authorise_app(service, key, origin, Purpose::Evaluate).map_err(unauthorised)?;
    let live = service.environment(app.environment).map_err(|error| {
        OfrepError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General, error.to_string())
    })?;
    let sender = Sender::with_key(from, connection, app.environment)?;
    let body = state.bodies.read_body(sender, headers, body, MAX_BODY_BYTES).await?;
    let bad = |code, details: String| OfrepError::new(StatusCode::BAD_REQUEST, code, details);
    // Some clients send no body without a context.
    let SentContext(context) = if body.is_empty() {
        SentContext::default()
    } else if !body.trim_ascii_start().starts_with(b"{") {
        return Err(bad(ErrorCode::ParseError, "the body must be a JSON object".to_owned()));
    } else {
        read_mended(&body).map_err(|e| bad(ErrorCode::ParseError, e.to_string()))?.context
    };
    let context = context.map_err(|error| bad(ErrorCode::InvalidContext, error.to_string()))?;
    Ok(OfrepContext { live, context, digest: TAG_HASH.hash_one(&*body) })
}

/// The body of an evaluation request. Unknown fields are ignored, as OFREP asks.
#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    context: SentContext,
}

/// Parses a body. A lone surrogate, such as `'Ada 🚀'.slice(0, 5)` leaves behind, is replaced: it
/// must not make the whole evaluation fail.
fn read_mended(body: &[u8]) -> Result<Request, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| match mend_surrogates(body) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Replaces lone surrogates with U+FFFD; `None` if there are none.
fn mend_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let escape = |at: usize| -> Option<u16> {
        let hex = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let (mut out, mut at, mut is_mended) = (Vec::with_capacity(body.len()), 0, false);
    while let Some(byte) = body.get(at) {
        let taken = match (byte, escape(at)) {
            (b'\\', Some(0xd800..=0xdbff)) if matches!(escape(at + 6), Some(0xdc00..=0xdfff)) => 12,
            (b'\\', Some(0xd800..=0xdfff)) => {
                out.extend_from_slice(b"\\ufffd");
                is_mended = true;
                at += 6;
                continue;
            }
            (b'\\', _) => 2,
            _ => 1,
        };
        out.extend_from_slice(body.get(at..(at + taken).min(body.len())).unwrap_or_default());
        at += taken;
    }
    is_mended.then_some(out)
}

/// Returns a flag by its key, or 404.
pub(super) fn find_entry<'a>(
    live: &'a CachedEnvironment,
    key: &str,
) -> Result<&'a FlagEntry, OfrepError> {
    live.snapshot().flag(key).ok_or_else(|| {
        let details = format!("there is no flag {key:?} in this environment");
        OfrepError::new(StatusCode::NOT_FOUND, ErrorCode::FlagNotFound, details).with_key(key)
    })
}

/// Returns the flag key of the path, or 400 if it is not UTF-8.
pub(super) fn path_key(key: Result<Path<String>, PathRejection>) -> Result<String, OfrepError> {
    key.map(|Path(key)| key).map_err(|error| {
        OfrepError::new(StatusCode::BAD_REQUEST, ErrorCode::ParseError, error.body_text())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_is_replaced() {
        let read = |name: &str| {
            let body = format!(r#"{{"context":{{"n":"{name}"}}}}"#);
            let context = read_mended(body.as_bytes()).unwrap().context.0.unwrap();
            context.attribute("n").unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(read(r"Ada \ud83d"), "Ada \u{fffd}");
        assert_eq!(read(r"\udc00x"), "\u{fffd}x");
        assert_eq!(read(r"\ud83d\ude80"), "\u{1f680}");
        assert_eq!(read(r"\\ud83d"), "\\ud83d", "a backslash and letters");
        assert!(read_mended(br#"{"context":"#).is_err());
    }
}
