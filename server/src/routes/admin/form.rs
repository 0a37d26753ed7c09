//! Reading of forms.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    http::Method,
};
use phasegate_app::PostedForm;

use crate::http::{AppState, ClientAddress, Problem};

/// The maximum size of a form, in bytes. The largest holds an environment as a file.
pub(super) const MAX_FORM_BYTES: usize = 4 * 1024 * 1024;

/// Reads the form of a POST request into its extensions, where pages find it.
pub(super) async fn read_form(state: &AppState, request: Request) -> Result<Request, Problem> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    let (mut head, body) = request.into_parts();
    let from = ClientAddress::from_request_parts(&mut head, state).await?;
    let body = state.bodies.read_body(from, &head.headers, body, MAX_FORM_BYTES).await?;
    head.extensions.insert(PostedForm(String::from_utf8_lossy(&body).into_owned()));
    Ok(Request::from_parts(head, Body::empty()))
}
