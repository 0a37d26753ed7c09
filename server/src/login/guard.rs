//! Everything below `/admin` needs a login.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use phasegate_app::ApiError;
use phasegate_domain::{ids::UserId, people::Person};
use phasegate_service::accounts;
use tower_sessions::Session;

use super::{PERSON, RENEWED};
use crate::http::{AppState, Problem};

/// A session in use is renewed at most this often: each time costs a commit.
const RENEW_AFTER_SECONDS: i64 = 3_600;

/// Lets through who is logged in, with their [`Person`]; sends people to the login page.
pub(crate) async fn guard(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    match person(&state, &session).await {
        Ok(Some(person)) => {
            if let Err(error) = renew(&state, &session).await {
                tracing::error!(%error, "a session could not be renewed");
            }
            request.extensions_mut().insert(person);
            next.run(request).await
        }
        Ok(None) => turn_away(request.uri(), request.headers()),
        Err(problem) => problem.into_response(),
    }
}

/// Who is logged in, with the role they have now.
pub(crate) async fn person(state: &AppState, session: &Session) -> Result<Option<Person>, Problem> {
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

async fn renew(state: &AppState, session: &Session) -> Result<(), tower_sessions::session::Error> {
    let now = state.service.now().timestamp();
    let renewed: Option<i64> = session.get(RENEWED).await?;
    if renewed.is_none_or(|renewed| now - renewed >= RENEW_AFTER_SECONDS) {
        session.insert(RENEWED, now).await?;
    }
    Ok(())
}

/// People come back to where they were; the UI's own calls are told in a form that it reads.
fn turn_away(uri: &Uri, headers: &HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let path = uri.path();
    let is_function = path.starts_with("/admin/fn/");
    let wants_page = text(header::ACCEPT).is_some_and(|accept| accept.contains("text/html"));
    if is_function && !wants_page {
        let error = ApiError::logged_out();
        return (error.status(), Json(error)).into_response();
    }
    if path.starts_with("/admin/live/") {
        return Problem::new(StatusCode::UNAUTHORIZED, "log in first, at /login").into_response();
    }
    let asked = uri.path_and_query().map_or("/admin", |asked| asked.as_str());
    let page = if is_function { text(header::REFERER).and_then(path_of) } else { Some(asked) };
    let next = form_urlencode(page.unwrap_or("/admin"));
    Redirect::to(&format!("/login?next={next}")).into_response()
}

/// Path and query of an address.
fn path_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.find('/').and_then(|start| rest.get(start..))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_path() {
        assert_eq!(path_of("http://a:1/admin/flags?user=x"), Some("/admin/flags?user=x"));
        assert_eq!(path_of("http://a"), None);
        assert_eq!(path_of("/admin"), None);
    }
}
