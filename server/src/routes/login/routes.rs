//! `POST /login` and `POST /logout`: plain forms, which work without scripts.

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use percent_encoding::utf8_percent_encode;
use phasegate_service::{
    ServiceError,
    accounts::{
        LoggedIn, LoginError, create_device_cookie, log_in,
        session_keys::{ACCOUNT, EPOCH, LOGGED_IN, USER_AGENT},
        use_account_link, verify_device_cookie,
    },
};
use serde::Deserialize;
use tower_sessions::{Session, cookie::time::Duration};

use super::guard::session_account;
use crate::{
    clock,
    http::{AppState, ClientAddress, IN_QUERY, Problem},
};

/// The maximum size of the form, in bytes: e-mail address, path and longest password, where each
/// byte may be percent-encoded as three.
const MAX_FORM_BYTES: usize = 32_768;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(submit_login))
        .route("/login/link", post(submit_link))
        .route("/login/check", get(check_cookie))
        .route("/logout", post(log_out))
}

#[derive(Deserialize)]
struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Returns `next` if it is a path of the admin, else the default: prevents open redirects.
fn safe_destination(next: &str) -> &str {
    let is_own = next == "/admin" || next.starts_with("/admin/") || next.starts_with("/admin?");
    if is_own && !next.contains(['\\', '\r', '\n']) { next } else { "/admin/rollout" }
}

async fn submit_login(
    State(state): State<AppState>,
    from: ClientAddress,
    session: Session,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = state.bodies.read_body(from, &headers, body, MAX_FORM_BYTES).await?;
    let Ok(form) = serde_urlencoded::from_bytes::<LoginForm>(&body) else {
        return Ok(Redirect::to("/login?error=form").into_response());
    };
    let email = form.email.trim();
    let next = utf8_percent_encode(safe_destination(&form.next), IN_QUERY);
    let cookies = CookieJar::from_headers(&headers);
    let cookie = cookies.get(DEVICE);
    let device =
        cookie.and_then(|cookie| verify_device_cookie(&state.service, email, cookie.value()));
    let logged_in = log_in(&state.service, from.0, device.as_deref(), email, &form.password);
    let LoggedIn { account, epoch } = match logged_in.await {
        Ok(logged_in) => logged_in,
        Err(error) => {
            let code = match error {
                LoginError::Wrong => "wrong",
                LoginError::Wait(_) => "wait",
                LoginError::Service(error) => {
                    tracing::error!(%error, "a login could not be checked");
                    "server"
                }
            };
            let email = utf8_percent_encode(email, IN_QUERY);
            let back = format!("/login?error={code}&email={email}&next={next}");
            return Ok(Redirect::to(&back).into_response());
        }
    };
    let failed = |error: tower_sessions::session::Error| {
        tracing::error!(%error, "a session could not be begun");
        let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "the server could not begin your session; its log says why")
    };
    // A new id prevents session fixation.
    session.cycle_id().await.map_err(failed)?;
    session.insert(ACCOUNT, account.id).await.map_err(failed)?;
    session.insert(EPOCH, epoch).await.map_err(failed)?;
    session.insert(LOGGED_IN, state.service.now().timestamp()).await.map_err(failed)?;
    session.insert(USER_AGENT, user_agent(&headers)).await.map_err(failed)?;
    let device = clock::generate_seed()
        .ok()
        .and_then(|seed| create_device_cookie(&state.service, email, &seed));
    let cookies = device.into_iter().fold(CookieJar::new(), |cookies, value| {
        let cookie = Cookie::build((DEVICE, value))
            .path("/login")
            .max_age(Duration::days(DEVICE_DAYS))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(state.settings.has_secure_cookies);
        cookies.add(cookie)
    });
    Ok((cookies, Redirect::to(&format!("/login/check?next={next}"))).into_response())
}

/// Returns what the browser says about itself, shortened.
fn user_agent(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    text.unwrap_or_default().chars().take(MAX_USER_AGENT_CHARS).collect()
}

/// The length at which a `User-Agent` is cut off, in characters.
const MAX_USER_AGENT_CHARS: usize = 300;

#[derive(Deserialize)]
struct LinkForm {
    link: String,
    password: String,
    #[serde(default)]
    repeated: String,
}

/// Uses a link to choose a password, and goes on to the login.
async fn submit_link(
    State(state): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = state.bodies.read_body(from, &headers, body, MAX_FORM_BYTES).await?;
    let Ok(form) = serde_urlencoded::from_bytes::<LinkForm>(&body) else {
        return Ok(Redirect::to("/login?error=form").into_response());
    };
    let link = utf8_percent_encode(&form.link, IN_QUERY);
    let back = |code: &str| Redirect::to(&format!("/login/link?link={link}&error={code}"));
    if form.password != form.repeated {
        return Ok(back("repeated").into_response());
    }
    let drawn = clock::generate_seed().map_err(|error| {
        tracing::error!(%error, "there is no randomness for the hash of a password");
        let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "the operating system provided no randomness; try again")
    })?;
    Ok(match use_account_link(&state.service, &form.link, &form.password, drawn).await {
        Ok(email) => {
            let email = utf8_percent_encode(&email, IN_QUERY);
            Redirect::to(&format!("/login?done=password&email={email}")).into_response()
        }
        Err(ServiceError::Invalid(_)) => back("password").into_response(),
        Err(ServiceError::NotFound { .. }) => back("link").into_response(),
        Err(error) => return Err(error.into()),
    })
}

/// The cookie that identifies a browser after a login.
const DEVICE: &str = "phasegate_device";

/// The lifetime of the device cookie, in days.
const DEVICE_DAYS: i64 = 365;

#[derive(Deserialize)]
struct CheckQuery {
    #[serde(default)]
    next: String,
}

/// Checks that the browser kept the session cookie; without this check, it would return to the
/// login page without an explanation.
async fn check_cookie(
    State(state): State<AppState>,
    session: Session,
    Query(query): Query<CheckQuery>,
) -> Result<Redirect, Problem> {
    Ok(match session_account(&state, &session).await? {
        Some(_) => Redirect::to(safe_destination(&query.next)),
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
        assert_eq!(safe_destination("/admin/flags?user=a"), "/admin/flags?user=a");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/admin\\evil", "", "/administrator"]
        {
            assert_eq!(safe_destination(elsewhere), "/admin/rollout", "{elsewhere}");
        }
    }
}
