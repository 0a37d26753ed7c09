//! OpenFeature Remote Evaluation Protocol 0.3: evaluation from memory.

mod bulk;
mod error;
mod request;
mod single;

use axum::{
    Router,
    http::{HeaderMap, header},
    routing::post,
};
pub(crate) use request::{key_status, sent_key};

use crate::http::AppState;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ofrep/v1/evaluate/flags/{key}", post(single::evaluate))
        .route("/ofrep/v1/evaluate/flags", post(bulk::evaluate))
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
