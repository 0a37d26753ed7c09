//! OpenFeature Remote Evaluation Protocol 0.3.

mod bulk;
mod error;
mod explain;
mod places;
mod request;
mod single;
mod stream;
mod ticket;

use axum::{
    Router,
    http::{HeaderMap, header},
    routing::{get, post},
};

pub(crate) use places::StreamPlaces;
pub(crate) use request::{key_status, sent_key};
pub(crate) use stream::MAX_STREAMS;
pub(crate) use ticket::Tickets;

use crate::http::AppState;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ofrep/v1/evaluate/flags", post(bulk::evaluate))
        .route("/ofrep/v1/evaluate/flags/{key}", post(single::evaluate))
        .route("/ofrep/v1/explain/{key}", post(explain::explain))
        .route("/ofrep/v1/stream", get(stream::listen))
}

/// A header's value, if it is a text.
fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The site of the page that sends a request.
pub(crate) fn sent_origin(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, header::ORIGIN)
}
