//! OpenFeature Remote Evaluation Protocol 0.3.

mod bulk;
mod error;
mod explain;
mod request;
mod single;
mod stream;
mod ticket;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use self::error::{ErrorCode, OfrepError};

pub(crate) use request::{key_status, sent_key};
pub(crate) use stream::MAX_STREAMS;
pub(crate) use ticket::Tickets;

use crate::http::AppState;

/// Evaluations in progress at once; more are told to come back. One takes microseconds, so that
/// many at once means clients that send slowly, and they must not hold the others up.
pub(crate) const MAX_EVALUATIONS: usize = 4_096;

pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/ofrep/v1/evaluate/flags", post(bulk::evaluate))
        .route("/ofrep/v1/evaluate/flags/{key}", post(single::evaluate))
        .route("/ofrep/v1/explain/{key}", post(explain::explain))
        .layer(middleware::from_fn_with_state(state.clone(), not_too_many))
        .route("/ofrep/v1/stream", get(stream::listen))
        .layer(CatchPanicLayer::custom(|_| {
            let details = "the server failed at this request; its log says why";
            OfrepError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General, details)
                .into_response()
        }))
}

async fn not_too_many(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Ok(_permit) = state.evaluations.try_acquire() else {
        let details = "too many evaluations at once; ask again later";
        return OfrepError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::General, details)
            .into_response();
    };
    next.run(request).await
}

/// A header's value, if it is a text.
fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The site of the page that sends a request.
pub(crate) fn sent_origin(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, header::ORIGIN)
}
