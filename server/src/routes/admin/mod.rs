//! The pages of the admin UI, and the server functions that their forms are sent to.

mod form;
mod page;
mod panels;
mod server_fns;
mod simulation;

use axum::{
    Router,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use phasegate_app::selected_environment;
use phasegate_domain::{accounts::Account, ids::EnvironmentId};
use phasegate_service::{
    access::Actor,
    environments::{FileFormat, export_environment, write_file},
    ingest::read_screenshot,
    privacy::read_user_data,
    rollout::read_review,
};

use self::page::{render_page, show_page};
use crate::http::{AppState, Problem};

/// The routes that need a login. The app itself routes its pages, and shows an error for unknown
/// ones.
pub(crate) fn admin_routes() -> Router<AppState> {
    Router::new()
        .route("/admin", get(render_page))
        .route("/admin/session", get(|| async { StatusCode::NO_CONTENT }))
        .route("/admin/export.toml", get(export_toml))
        .route("/admin/export.json", get(export_json))
        .route("/admin/rollout/review.md", get(review_markdown))
        .route("/admin/analytics.csv", get(panels::analytics_csv))
        .route("/admin/analytics.json", get(panels::analytics_json))
        .route("/admin/performance.csv", get(panels::performance_csv))
        .route("/admin/performance.json", get(panels::performance_json))
        .route("/admin/user.json", get(user_json))
        .route("/admin/screenshots/{id}", get(serve_screenshot))
        .route("/admin/fn/{*function}", any(server_fns::call_server_fn))
        .route("/admin/{*page}", get(show_page).post(render_page))
}

/// The routes that need no login.
pub(crate) fn public_routes() -> Router<AppState> {
    Router::new()
        .route("/login", get(render_page))
        .route("/login/link", get(render_page))
        .route("/docs/metrics", get(render_page))
}

/// The query parameters of downloads.
#[derive(serde::Deserialize)]
struct PlaceQuery {
    #[serde(default)]
    environment: String,
}

/// Returns the environment of a download: the one that its address names, else that of its page.
fn place_of(state: &AppState, headers: &HeaderMap, named: &str) -> Result<EnvironmentId, Problem> {
    if named.is_empty() {
        return Ok(selected_environment(&state.service, headers)?);
    }
    let all = state.service.environments();
    let found = all.iter().find(|live| live.environment().key.as_str() == named);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "there is no such environment");
    Ok(found.ok_or_else(missing)?.environment().id)
}

async fn export_toml(
    State(state): State<AppState>,
    account: axum::Extension<Account>,
    Query(place): Query<PlaceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let environment = place_of(&state, &headers, &place.environment)?;
    download_environment(&state, &account, environment, FileFormat::Toml)
}

async fn export_json(
    State(state): State<AppState>,
    account: axum::Extension<Account>,
    Query(place): Query<PlaceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let environment = place_of(&state, &headers, &place.environment)?;
    download_environment(&state, &account, environment, FileFormat::Json)
}

/// Returns the weekly review of the rollout as a Markdown file.
async fn review_markdown(
    State(state): State<AppState>,
    account: axum::Extension<Account>,
    Query(place): Query<PlaceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let environment = place_of(&state, &headers, &place.environment)?;
    let review = read_review(&state.service, &Actor::from(&*account), environment).await?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "this environment has no rollout");
    let text = review.ok_or_else(missing)?.to_markdown();
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"review.md\""),
    ];
    Ok((headers, text).into_response())
}

/// The query parameters of `/admin/user.json`.
#[derive(serde::Deserialize)]
struct UserQuery {
    #[serde(default)]
    id: String,
    #[serde(default)]
    environment: String,
}

/// Returns all stored data of a user as a JSON file.
async fn user_json(
    State(state): State<AppState>,
    account: axum::Extension<Account>,
    Query(query): Query<UserQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let environment = place_of(&state, &headers, &query.environment)?;
    let data =
        read_user_data(&state.service, &Actor::from(&*account), environment, &query.id).await?;
    let name = "attachment; filename=\"user.json\"";
    Ok(([(header::CONTENT_DISPOSITION, name)], axum::Json(data)).into_response())
}

/// Returns a screenshot of feedback. It is untrusted input, so the policy forbids everything that
/// it could load or run.
async fn serve_screenshot(
    State(state): State<AppState>,
    account: axum::Extension<Account>,
    Path(id): Path<String>,
    Query(place): Query<PlaceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let environment = place_of(&state, &headers, &place.environment)?;
    let found = read_screenshot(&state.service, &Actor::from(&*account), environment, &id)
        .await
        .map_err(Problem::from)?;
    let headers = [
        (header::CONTENT_TYPE, found.kind.media_type()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, found.bytes).into_response())
}

fn download_environment(
    state: &AppState,
    account: &Account,
    environment: EnvironmentId,
    format: FileFormat,
) -> Result<Response, Problem> {
    let service = &state.service;
    let export =
        export_environment(service, &Actor::from(account), environment).map_err(Problem::from)?;
    let text = write_file(&export.file, format).map_err(Problem::from)?;
    let (kind, ending) = match format {
        FileFormat::Toml => ("application/toml", "toml"),
        FileFormat::Json => ("application/json", "json"),
    };
    let name = service.environment(environment).map_err(Problem::from)?;
    let name = format!("attachment; filename=\"{}.{ending}\"", name.environment().key);
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

/// Returns 404: a page for browsers, JSON for other clients.
pub(crate) async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if wants_page && request.method() == Method::GET {
        return render_page(State(state), request).await;
    }
    let path = request.uri().path().to_owned();
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}")).into_response()
}
