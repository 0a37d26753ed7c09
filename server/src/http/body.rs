//! Reading a body, but not more than it may hold.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::StatusCode,
};

use http_body_util::LengthLimitError;

use super::Problem;

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, Problem> {
    to_bytes(body, limit).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|source| source.is::<LengthLimitError>());
        if too_large {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {limit} bytes; send less at once"),
            )
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "the body ended before it was complete")
        }
    })
}
