//! The server functions of the admin UI, called by islands and by forms without a script.

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use phasegate_app::{AnsweredForm, ApiError, Done, RefusedForm, done_cookie};

use super::{
    form::MAX_FORM_BYTES,
    page::{page_context, render_page},
};
use crate::http::{AppState, ClientAddress, Problem};

/// The header that marks the error of a server function.
const ERROR_HEADER: &str = "serverfnerror";

/// The header by which an island says that it will load a page next, which is to say what was done.
const THEN_HEADER: &str = "x-phasegate-then";

/// Runs a server function. An island gets JSON; the browser of a form without a script goes back to
/// the page, which says what happened.
pub(super) async fn call_server_fn(State(state): State<AppState>, request: Request) -> Response {
    let mut page = form_page(&request);
    let function = request.uri().path().to_owned();
    let is_change = request.method() == Method::POST;
    let loads_page = request.headers().contains_key(THEN_HEADER);
    let request = match bound_body(&state, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let (request, body) = request;
    if let Some(page) = &mut page {
        *page.uri_mut() = page_address(&body);
    }
    let call = leptos_axum::handle_server_fns_with_context(page_context(&state), request);
    let response = call.await.into_response();
    let outcome = match read_outcome(response).await {
        Ok(outcome) => outcome,
        Err(problem) => return problem.into_response(),
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    match (page, outcome) {
        (None, Outcome::Done(response)) if is_change => {
            answer_island(response, &body, loads_page).await
        }
        (None, Outcome::Done(response)) => response,
        (None, Outcome::Refused(error)) => (error_status(&error), Json(error)).into_response(),
        (Some(page), Outcome::Done(response)) => {
            answer_browser(state, page, response, (function, text)).await
        }
        (Some(mut page), Outcome::Refused(error)) => {
            page.extensions_mut().insert(RefusedForm { function, error, body: text });
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
    let accept = request.headers().get(header::ACCEPT)?.to_str().ok()?;
    if !accept.contains("text/html") {
        return None;
    }
    let mut page = Request::builder().body(Body::empty()).ok()?;
    *page.headers_mut() = request.headers().clone();
    *page.extensions_mut() = request.extensions().clone();
    Some(page)
}

/// Adds the environment that a form names to the address that comes next.
fn name_next_environment(mut done: Done, body: &[u8]) -> Done {
    let mut fields = url::form_urlencoded::parse(body);
    let environment = fields.find(|(name, _)| name == "environment").map(|(_, key)| key);
    if let Some((next, environment)) = done.next.take().zip(environment) {
        let is_named = next.contains("environment=");
        let mark = if next.contains('?') { '&' } else { '?' };
        done.next = Some(match is_named {
            true => next,
            false => format!("{next}{mark}environment={environment}"),
        });
    }
    done
}

/// Returns the address of the page that a form names in its field `page`.
fn page_address(body: &[u8]) -> Uri {
    let mut fields = url::form_urlencoded::parse(body);
    let named = fields.find(|(name, _)| name == "page").map(|(_, page)| page.into_owned());
    let is_page = |page: &String| page.starts_with("/admin/") && !page.starts_with("/admin/fn/");
    let page = named.filter(is_page).and_then(|page| page.parse().ok());
    page.unwrap_or_else(|| Uri::from_static("/admin/rollout"))
}

/// Reads a bounded body, and leaves out the header by which Leptos would redirect by itself: its
/// redirects carry errors in the address, where anyone could write them.
async fn bound_body(state: &AppState, request: Request) -> Result<(Request, Bytes), Problem> {
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::ACCEPT);
    if head.method != Method::POST {
        return Ok((Request::from_parts(head, body), Bytes::new()));
    }
    let from = ClientAddress::from_request_parts(&mut head, state).await?;
    let body = state.bodies.read_body(from, &head.headers, body, MAX_FORM_BYTES).await?;
    Ok((Request::from_parts(head, Body::from(body.clone())), body))
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
    let body = to_bytes(response.into_body(), MAX_FORM_BYTES).await;
    let body = body.map_err(|_| unreadable_answer())?;
    serde_json::from_slice(&body).map(Outcome::Refused).map_err(|_| unreadable_answer())
}

fn error_status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a function has done, and the cookies that it sets.
struct Carried {
    done: Done,
    cookies: HeaderMap,
}

/// The answer of a function: what it has done, or data.
enum Answer {
    Done(Carried),
    Data(Response, Bytes),
}

async fn read_answer(response: Response, sent: &[u8]) -> Result<Answer, Problem> {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, MAX_FORM_BYTES).await.map_err(|_| unreadable_answer())?;
    let Ok(done) = serde_json::from_slice(&body) else {
        return Ok(Answer::Data(Response::from_parts(head, Body::from(body.clone())), body));
    };
    let set = head.headers.get_all(header::SET_COOKIE).into_iter();
    let cookies = set.map(|cookie| (header::SET_COOKIE, cookie.clone())).collect();
    Ok(Answer::Done(Carried { done: name_next_environment(done, sent), cookies }))
}

fn unreadable_answer() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be read")
}

/// Returns what was done; if a page is loaded next, also to that page, in a cookie.
async fn answer_island(response: Response, sent: &[u8], loads_page: bool) -> Response {
    let Carried { done, mut cookies } = match read_answer(response, sent).await {
        Ok(Answer::Done(carried)) => carried,
        Ok(Answer::Data(response, _)) => return response,
        Err(problem) => return problem.into_response(),
    };
    // A secret is shown by the island, and must not be kept by the browser.
    let is_carried = (loads_page || done.next.is_some()) && done.secret.is_none();
    if let Some(cookie) = done_cookie(&done).filter(|_| is_carried) {
        cookies.append(header::SET_COOKIE, cookie);
    }
    (cookies, Json(done)).into_response()
}

/// Answers a form that was sent without a script, with the page that says what became of it.
async fn answer_browser(
    state: AppState,
    mut page: Request,
    response: Response,
    (function, body): (String, String),
) -> Response {
    let carried = match read_answer(response, body.as_bytes()).await {
        Ok(Answer::Done(carried)) => carried,
        Ok(Answer::Data(_, json)) => {
            let json = String::from_utf8_lossy(&json).into_owned();
            page.extensions_mut().insert(AnsweredForm { function, body, json });
            return render_page(State(state), page).await;
        }
        Err(problem) => return problem.into_response(),
    };
    if carried.done.secret.is_some() {
        // Shown in this answer, because no cookie and no address may carry it.
        page.extensions_mut().insert(carried.done);
        return render_page(State(state), page).await;
    }
    go_back(page.uri(), carried)
}

/// Redirects to the page of the form, which says what was done. The command whose confirmation its
/// query asks for has been carried out, so that part is left out.
fn go_back(page: &Uri, Carried { done, mut cookies }: Carried) -> Response {
    let place = done.next.clone().unwrap_or_else(|| {
        let query = page.query().unwrap_or_default().split('&');
        let is_question = |part: &&str| {
            part.is_empty() || part.starts_with("confirm=") || part.starts_with("switch=")
        };
        let query: Vec<&str> = query.filter(|part| !is_question(part)).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", page.path(), query.join("&"))
    });
    let place = HeaderValue::from_str(&place);
    let place = place.unwrap_or_else(|_| HeaderValue::from_static("/admin/rollout"));
    cookies.insert(header::LOCATION, place);
    if let Some(cookie) = done_cookie(&done) {
        cookies.append(header::SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, cookies).into_response()
}
