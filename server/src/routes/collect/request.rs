//! What the ingestion routes share: the key of an app, and the response over a quota.

use axum::{
    extract::{Query, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use phasegate_domain::{
    events::{Rejection, RejectionCode},
    ids::EnvironmentId,
    words::serde_field_error,
};
use phasegate_service::{
    QuotaExceeded, Service, ingest,
    keys::{self, Purpose},
};
use serde::Deserialize;

use crate::http::{AppState, Problem, key_status, sent_key, sent_origin};

/// The query parameters. The key may be one of them, because beacons cannot set headers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyQuery {
    pub(super) key: Option<String>,
    /// The time that the batch waited in the page, in milliseconds.
    #[serde(default)]
    pub(super) held: u64,
}

/// Authorises ingestion by the key in the query or a header.
pub(super) fn authorise_app(
    state: &AppState,
    key: Option<&str>,
    headers: &HeaderMap,
) -> Result<keys::App, Problem> {
    let key = key.or_else(|| sent_key(headers));
    keys::authorise_app(&state.service, key, sent_origin(headers), Purpose::Ingest)
        .map_err(|error| Problem::new(key_status(&error), error.to_string()))
}

/// Unwraps the query; unknown parameters are an error, because a misspelt one would be ignored
/// silently.
pub(super) fn unwrap_query(
    query: Result<Query<KeyQuery>, QueryRejection>,
) -> Result<KeyQuery, Problem> {
    query.map(|Query(query)| query).map_err(|error| {
        Problem::of_field(StatusCode::BAD_REQUEST, serde_field_error("", &error.body_text()))
    })
}

/// Counts a deferral and returns 429 with `Retry-After`.
pub(super) fn quota_problem(
    service: &Service,
    environment: EnvironmentId,
    error: &QuotaExceeded,
) -> Problem {
    let reason = Rejection::of_field(RejectionCode::QuotaExceeded, error.quota.as_str());
    ingest::count_deferral(service, environment, reason);
    let seconds = HeaderValue::from(error.retry_after_seconds.max(1));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
        .with_header(header::RETRY_AFTER, seconds)
}
