//! OpenFeature Remote Evaluation Protocol 0.3.

mod bulk;
mod error;
mod explain;
mod request;
mod single;
mod stream;

use axum::{
    Router,
    routing::{get, post},
};

use crate::http::AppState;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ofrep/v1/evaluate/flags", post(bulk::evaluate_all))
        .route("/ofrep/v1/evaluate/flags/{key}", post(single::evaluate_one))
        .route("/ofrep/v1/explain/{key}", post(explain::explain_evaluation))
        .route("/ofrep/v1/stream", get(stream::open_stream))
}
