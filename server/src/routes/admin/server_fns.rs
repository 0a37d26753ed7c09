//! The server functions of the admin UI, called by islands and by forms without a script.

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use phasegate_app::{ApiError, RefusedForm};

use super::{
    form::MAX_FORM_BYTES,
    page::{page_context, render_page},
};
use crate::http::{AppState, ClientAddress, Problem};

/// The header that marks the error of a server function.
const ERROR_HEADER: &str = "serverfnerror";

/// Runs a server function. An island gets JSON; the browser of a form without a script goes back to
/// the page, which says what happened.
pub(super) async fn call_server_fn(State(state): State<AppState>, request: Request) -> Response {
    let page = form_page(&request);
    let request = match bound_body(&state, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let call = leptos_axum::handle_server_fns_with_context(page_context(&state), request);
    let response = call.await.into_response();
    let outcome = match read_outcome(response).await {
        Ok(outcome) => outcome,
        Err(problem) => return problem.into_response(),
    };
    match (page, outcome) {
        (None, Outcome::Done(response)) => response,
        (None, Outcome::Refused(error)) => (error_status(&error), Json(error)).into_response(),
        (Some(page), Outcome::Done(_)) => go_back(page.uri()),
        (Some(mut page), Outcome::Refused(error)) => {
            page.extensions_mut().insert(RefusedForm(error));
            render_page(State(state), page).await
        }
    }
}

/// What became of a call.
enum Outcome {
    Done(Response),
    Refused(ApiError),
}

/// Returns the request for the page with the form, if the browser itself sent it.
fn form_page(request: &Request) -> Option<Request> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if !text(header::ACCEPT)?.contains("text/html") {
        return None;
    }
    let referer: Option<Uri> = text(header::REFERER).and_then(|referer| referer.parse().ok());
    let place = referer.as_ref().and_then(Uri::path_and_query);
    let place = place.filter(|place| place.path().starts_with("/admin/"));
    let place = place.map_or("/admin/rollout", |place| place.as_str());
    let mut page = Request::builder().uri(place).body(Body::empty()).ok()?;
    *page.headers_mut() = request.headers().clone();
    *page.extensions_mut() = request.extensions().clone();
    Some(page)
}

/// Reads a bounded body, and leaves out the header by which Leptos would redirect by itself: its
/// redirects carry errors in the address, where anyone could write them.
async fn bound_body(state: &AppState, request: Request) -> Result<Request, Problem> {
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::ACCEPT);
    if head.method != Method::POST {
        return Ok(Request::from_parts(head, body));
    }
    let from = ClientAddress::from_request_parts(&mut head, state).await?;
    let body = state.bodies.read_body(from, &head.headers, body, MAX_FORM_BYTES).await?;
    Ok(Request::from_parts(head, Body::from(body)))
}

/// Reads the error of a server function from the response, which has the status 500 for all errors.
async fn read_outcome(response: Response) -> Result<Outcome, Problem> {
    if !response.headers().contains_key(ERROR_HEADER) {
        return match response.status() {
            // The library's answer to an unknown path.
            StatusCode::BAD_REQUEST => {
                Err(Problem::new(StatusCode::NOT_FOUND, "there is no such server function"))
            }
            _ => Ok(Outcome::Done(response)),
        };
    }
    let unreadable =
        || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be read");
    let body = to_bytes(response.into_body(), MAX_FORM_BYTES).await.map_err(|_| unreadable())?;
    serde_json::from_slice(&body).map(Outcome::Refused).map_err(|_| unreadable())
}

fn error_status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Redirects to the page of the form. The command whose confirmation its query asks for has been
/// carried out, so that part is left out.
fn go_back(page: &Uri) -> Response {
    let query = page.query().unwrap_or_default().split('&');
    let kept = query.filter(|part| {
        !part.is_empty() && !part.starts_with("confirm=") && !part.starts_with("done=")
    });
    let query: Vec<&str> = kept.chain(["done=1"]).collect();
    let place = HeaderValue::from_str(&format!("{}?{}", page.path(), query.join("&")));
    let place = place.unwrap_or_else(|_| HeaderValue::from_static("/admin/rollout"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
