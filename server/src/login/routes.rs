//! `POST /login` and `POST /logout`: plain forms, so that they work before anything is loaded.

use std::net::SocketAddr;

use axum::{
    Form, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Query, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use phasegate_service::accounts::{LoginError, log_in};
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    PERSON,
    guard::{form_urlencode, person},
};
use crate::http::{AppState, Problem};

/// An address, a password and a path are short.
const MAX_FORM_BYTES: usize = 8_192;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(submit))
        .route("/login/check", get(check))
        .route("/logout", post(log_out))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
}

#[derive(Deserialize)]
struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Only paths of the admin: a link to our login must not lead to somebody else's site.
fn destination(next: &str) -> &str {
    let is_own = next == "/admin" || next.starts_with("/admin/") || next.starts_with("/admin?");
    if is_own && !next.contains(['\\', '\r', '\n']) { next } else { "/admin/rollout" }
}

async fn submit(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    session: Session,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Ok(Form(form)) = form else {
        return Ok(Redirect::to("/login?error=form").into_response());
    };
    let email = form.email.trim();
    let next = form_urlencode(destination(&form.next));
    let person = match log_in(&state.service, peer.ip(), email, &form.password).await {
        Ok(person) => person,
        Err(error) => {
            let code = match error {
                LoginError::Wrong => "wrong",
                LoginError::Wait(_) => "wait",
                LoginError::Service(error) => {
                    tracing::error!(%error, "a login could not be checked");
                    "server"
                }
            };
            let email = form_urlencode(email);
            let back = format!("/login?error={code}&email={email}&next={next}");
            return Ok(Redirect::to(&back).into_response());
        }
    };
    let failed = |error: tower_sessions::session::Error| {
        tracing::error!(%error, "a session could not be begun");
        let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "the server could not begin your session; its log says why")
    };
    // A new id, so that nobody can plant one before the login.
    session.cycle_id().await.map_err(failed)?;
    session.insert(PERSON, person.id).await.map_err(failed)?;
    Ok(Redirect::to(&format!("/login/check?next={next}")).into_response())
}

#[derive(Deserialize)]
struct CheckQuery {
    #[serde(default)]
    next: String,
}

/// Finds out whether the browser kept the cookie; one that did not would else ask to log in
/// again and again without a word.
async fn check(
    State(state): State<AppState>,
    session: Session,
    Query(query): Query<CheckQuery>,
) -> Result<Redirect, Problem> {
    Ok(match person(&state, &session).await? {
        Some(_) => Redirect::to(destination(&query.next)),
        None => Redirect::to("/login?error=cookie"),
    })
}

async fn log_out(session: Session) -> Redirect {
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "a session could not be ended");
    }
    Redirect::to("/login")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_only_into_the_admin() {
        assert_eq!(destination("/admin/flags?user=a"), "/admin/flags?user=a");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/admin\\evil", "", "/administrator"]
        {
            assert_eq!(destination(elsewhere), "/admin/rollout", "{elsewhere}");
        }
    }
}
