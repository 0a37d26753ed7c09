//! The guard that requires a login below `/admin`.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use phasegate_domain::{accounts::Account, ids::AccountId};
use phasegate_service::accounts::{
    self, OwnSession,
    session_keys::{ACCOUNT, RENEWED},
};
use tower_sessions::Session;

use super::sessions::id_digest;
use percent_encoding::utf8_percent_encode;

use crate::http::{AppState, IN_QUERY, Problem};

/// The minimum interval between renewals of a session, because each costs a commit.
const RENEW_AFTER_SECONDS: i64 = 3_600;

/// Passes on requests with a valid session, with their [`Account`] as extension; redirects others
/// to the login page.
pub(crate) async fn require_login(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    match session_account(&state, &session).await {
        Ok(Some(account)) => {
            if let Err(error) = renew_session(&state, &session).await {
                tracing::error!(%error, "a session could not be renewed");
            }
            request.extensions_mut().insert(account);
            if let Some(id) = session.id() {
                request.extensions_mut().insert(OwnSession(id_digest(&id)));
            }
            next.run(request).await
        }
        Ok(None) => turn_away(&request),
        Err(problem) => problem.into_response(),
    }
}

/// Returns the account of a session, with its current role.
pub(crate) async fn session_account(
    state: &AppState,
    session: &Session,
) -> Result<Option<Account>, Problem> {
    let failed = |error: String| {
        tracing::error!(error, "a session could not be read");
        let detail = "the server could not read your session; its log says why";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    };
    let id: Option<AccountId> =
        session.get(ACCOUNT).await.map_err(|error| failed(error.to_string()))?;
    let Some(id) = id else { return Ok(None) };
    accounts::read_account(&state.service, id).await.map_err(|error| failed(error.to_string()))
}

async fn renew_session(
    state: &AppState,
    session: &Session,
) -> Result<(), tower_sessions::session::Error> {
    let now = state.service.now().timestamp();
    let renewed: Option<i64> = session.get(RENEWED).await?;
    if renewed.is_none_or(|renewed| now - renewed >= RENEW_AFTER_SECONDS) {
        session.insert(RENEWED, now).await?;
    }
    Ok(())
}

/// Path prefixes requested by scripts and programs, which cannot use a login page.
const FOR_SCRIPTS: [&str; 3] = ["/admin/session", "/admin/live/", "/admin/export."];

/// Redirects pages to the login, from where they return; answers scripts with 401.
fn turn_away(request: &Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let wants_page = accept.is_some_and(|accept| accept.contains("text/html"));
    let path = request.uri().path();
    let is_call = path.starts_with("/admin/fn/");
    let is_for_scripts = FOR_SCRIPTS.iter().any(|prefix| path.starts_with(prefix));
    if is_for_scripts
        || (is_call && !wants_page)
        || (request.method() != Method::GET && !wants_page)
    {
        return Problem::new(StatusCode::UNAUTHORIZED, "log in first, at /login").into_response();
    }
    let asked = match is_call {
        // A form without a script: what it was sent to is no page.
        true => "/admin/rollout",
        false => request.uri().path_and_query().map_or("/admin", |asked| asked.as_str()),
    };
    Redirect::to(&format!("/login?next={}", utf8_percent_encode(asked, IN_QUERY))).into_response()
}
