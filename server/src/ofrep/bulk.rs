//! `POST /ofrep/v1/evaluate/flags`

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::flags::Answer;
use phasegate_service::{LiveEnvironment, rollout::current_phase, secrets};
use phasegate_store::models::Digest;
use serde::Serialize;

use super::{
    error::{ErrorCode, OfrepError},
    header_text, request,
};
use crate::http::AppState;

#[derive(Debug, Serialize)]
struct BulkAnswer<'a> {
    flags: Vec<Answer<'a>>,
    metadata: BulkMetadata<'a>,
}

/// Where the rollout is: what `getCurrentPhase()` answers from.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct BulkMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase_percentage: Option<f64>,
}

fn metadata(live: &LiveEnvironment) -> BulkMetadata<'_> {
    let rollout = live.snapshot.rollout().map(|rollout| rollout.key.as_str());
    match current_phase(&live.snapshot) {
        None => BulkMetadata { rollout, ..BulkMetadata::default() },
        Some(phase) => BulkMetadata {
            rollout,
            phase: Some(phase.number.0),
            phase_name: Some(phase.name),
            phase_percentage: Some(phase.percentage),
        },
    }
}

pub(super) async fn evaluate(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OfrepError> {
    let (live, context) = request::read(&state, &headers, body).await?;
    let now = state.service.now();
    let flags = live
        .snapshot
        .flags()
        .filter_map(|entry| Answer::of(&live.snapshot, entry, &context, now))
        .collect();
    let answer = BulkAnswer { flags, metadata: metadata(&live) };
    let body = serde_json::to_vec(&answer).map_err(|error| {
        OfrepError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General, error.to_string())
    })?;
    Ok(respond(&headers, body))
}

/// The tag is the answer's own digest, so it changes with the context as well as with the flags.
fn respond(headers: &HeaderMap, body: Vec<u8>) -> Response {
    let Digest(digest) = secrets::digest(&body);
    let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    // Clients send it back quoted, bare, or marked as weak.
    let known = header_text(headers, header::IF_NONE_MATCH).is_some_and(|sent| sent.contains(&tag));
    let etag = [(header::ETAG, format!("\"{tag}\""))];
    if known {
        return (StatusCode::NOT_MODIFIED, etag).into_response();
    }
    (etag, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
