//! Everything below `/admin` needs a login.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use phasegate_domain::{ids::UserId, people::Person};
use phasegate_service::accounts;
use tower_sessions::Session;

use super::PERSON;
use crate::http::{AppState, Problem};

/// Lets through who is logged in, with their [`Person`]; sends people to the login page.
pub(crate) async fn guard(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    match person(&state, &session).await {
        Ok(Some(person)) => {
            request.extensions_mut().insert(person);
            next.run(request).await
        }
        Ok(None) => turn_away(&request),
        Err(problem) => problem.into_response(),
    }
}

/// Who is logged in, with the role they have now.
pub(super) async fn person(state: &AppState, session: &Session) -> Result<Option<Person>, Problem> {
    let failed = |error: String| {
        tracing::error!(error, "a session could not be read");
        let detail = "the server could not read your session; its log says why";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    };
    let id: Option<UserId> =
        session.get(PERSON).await.map_err(|error| failed(error.to_string()))?;
    let Some(id) = id else { return Ok(None) };
    accounts::person(&state.service, id).await.map_err(|error| failed(error.to_string()))
}

fn turn_away(request: &Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/admin/fn/") || path.starts_with("/admin/live/") {
        return Problem::new(StatusCode::UNAUTHORIZED, "log in first, at /login").into_response();
    }
    let wanted = request.uri().path_and_query().map_or("/admin", |wanted| wanted.as_str());
    let next: String = form_urlencode(wanted);
    Redirect::to(&format!("/login?next={next}")).into_response()
}

/// Escapes a text for a query.
pub(super) fn form_urlencode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
