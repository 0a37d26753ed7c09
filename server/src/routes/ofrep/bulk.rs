//! Bulk evaluation: `POST /ofrep/v1/evaluate/flags`.

use std::{hash::BuildHasher, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    Timestamp,
    config::{CollectionSettings, FlagEntry},
    evaluation::{Answer, Evaluator},
    targeting::{EvaluationContext, Share},
};
use phasegate_service::{
    CachedEnvironment, collection_settings::resolve_collection_settings, rollout::current_phase,
};
use phasegate_wire::MAX_SEGMENTS;
use serde::Serialize;

use super::{
    error::{ErrorCode, OfrepError},
    request::{self, OfrepContext, TAG_HASH},
};
use crate::http::{AppState, ClientAddress, Connection, header_text, sent_key};

/// The initial capacity of a response, without flags and per flag, so that it rarely reallocates.
const BYTES: usize = 1_024;
const BYTES_OF_FLAG: usize = 384;

/// The metadata of a bulk evaluation, from which `getCurrentPhase()` is answered.
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
    /// The segments of the user, comma-separated, because OFREP metadata values are scalars. The
    /// collector sends them back as dimensions of its events.
    #[serde(skip_serializing_if = "String::is_empty")]
    segments: String,
    /// `false` if the collector must not send analytics; otherwise absent, as in the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    collect_analytics: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collect_performance: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collect_errors: Option<bool>,
    /// The share of visits to measure, from 0 to 1; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    collect_rate: Option<f64>,
}

fn matching_segments(
    live: &CachedEnvironment,
    context: &EvaluationContext,
    now: Timestamp,
) -> String {
    let mut all = String::new();
    for (key, segment) in live.snapshot().segments().iter().take(MAX_SEGMENTS) {
        if segment.matches(context, live.snapshot().segments(), now) {
            if !all.is_empty() {
                all.push(',');
            }
            all.push_str(key.as_str());
        }
    }
    all
}

fn bulk_metadata(
    live: &CachedEnvironment,
    collection_settings: CollectionSettings,
    segments: String,
) -> BulkMetadata<'_> {
    let off = |is_on: bool| (!is_on).then_some(false);
    let rollout = live.snapshot().rollout().map(|rollout| rollout.key.as_str());
    let known = BulkMetadata {
        rollout,
        segments,
        collect_analytics: off(collection_settings.analytics),
        collect_performance: off(collection_settings.performance),
        collect_errors: off(collection_settings.errors),
        collect_rate: (collection_settings.sample_rate < Share::ALL)
            .then(|| collection_settings.sample_rate.percent() / 100.0),
        ..BulkMetadata::default()
    };
    match current_phase(live.snapshot()) {
        None => known,
        Some(phase) => BulkMetadata {
            phase: Some(phase.number.0),
            phase_name: Some(phase.name),
            phase_percentage: Some(phase.percentage),
            ..known
        },
    }
}

pub(super) async fn evaluate_all(
    State(state): State<AppState>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OfrepError> {
    let OfrepContext { live, context, digest } =
        request::read_request(&state, from, &connection, &headers, body).await?;
    let now = state.service.now();
    let mut body = Vec::with_capacity(BYTES + BYTES_OF_FLAG * live.snapshot().flags().len());
    body.extend_from_slice(b"{\"flags\":[");
    let evaluator = Evaluator::new(live.snapshot(), &context, now);
    for (index, entry) in live.snapshot().flags().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write_answer(&mut body, &live, entry, &evaluator)?;
    }
    let collection_settings = resolve_collection_settings(&state.service, &live);
    let segments = match collection_settings.analytics {
        true => matching_segments(&live, &context, now),
        false => String::new(),
    };
    body.extend_from_slice(b"],\"metadata\":");
    write_json(&mut body, &bulk_metadata(&live, collection_settings, segments))?;
    let key = sent_key(&headers).unwrap_or_default();
    if let Some(streams) = state.tickets.event_streams(live.environment().id, key, now) {
        body.extend_from_slice(b",\"eventStreams\":");
        body.extend_from_slice(&streams);
    }
    body.push(b'}');
    let tag = response_tag(&body, digest);
    let etag = [(header::ETAG, format!("\"{tag}\""))];
    // Clients send it back quoted, bare or weak.
    if header_text(&headers, header::IF_NONE_MATCH).is_some_and(|sent| sent.contains(&tag)) {
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    Ok((etag, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Appends the answer of a flag, or its error, which does not affect the other flags.
fn write_answer<'a>(
    body: &mut Vec<u8>,
    live: &'a CachedEnvironment,
    entry: &'a FlagEntry,
    evaluator: &Evaluator<'a, '_>,
) -> Result<(), OfrepError> {
    match evaluator.evaluate_entry(entry) {
        Ok(found) => {
            live.count_evaluation(entry, found.variant);
            Answer::new(live.snapshot(), entry, &found).write_json(body);
            Ok(())
        }
        Err(error) => write_json(body, &OfrepError::from(error).with_key(entry.flag.key.as_str())),
    }
}

fn write_json(body: &mut Vec<u8>, value: &impl Serialize) -> Result<(), OfrepError> {
    serde_json::to_writer(body, value).map_err(|error| {
        OfrepError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General, error.to_string())
    })
}

/// Returns the `ETag` of answers, context and ticket. It includes the ticket, so that a client with
/// an expired ticket, or one of a restarted server, gets a new one and not a 304.
fn response_tag(body: &[u8], context: u64) -> String {
    format!("{:016x}", TAG_HASH.hash_one((body, context)))
}
