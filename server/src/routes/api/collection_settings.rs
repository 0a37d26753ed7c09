//! Collection settings:
//! `/api/v1/projects/{project}/environments/{environment}/collection-settings`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use phasegate_domain::config::CollectionSettings;
use phasegate_service::collection_settings::{read_collection_settings, save_collection_settings};
use phasegate_store::models::Versioned;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{ApiContext, ApiJson};
use crate::http::{AppState, Problem, etag_header};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_collection_settings, replace_collection_settings))
}

fn settings_response(stored: &Versioned<CollectionSettings>) -> Response {
    (etag_header(&stored.version.to_string()), Json(stored.value)).into_response()
}

/// Returns the collection settings: which telemetry pages may send.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/collection-settings", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = CollectionSettings, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_collection_settings(call: ApiContext) -> Result<Response, Problem> {
    Ok(settings_response(&read_collection_settings(&call.service, &call.actor, call.environment)?))
}

/// Replaces the collection settings.
///
/// They switch kinds of telemetry on and off, and set the share of visits to measure. Open pages
/// are notified at once.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/collection-settings", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = String, Header)),
    request_body = CollectionSettings,
    responses((status = 200, body = CollectionSettings, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_collection_settings(
    call: ApiContext,
    ApiJson(value): ApiJson<CollectionSettings>,
) -> Result<Response, Problem> {
    let (service, actor, environment) = (&call.service, &call.actor, call.environment);
    let version = read_collection_settings(service, actor, environment)?.version;
    call.precondition.check_version(&version.to_string())?;
    save_collection_settings(service, actor, environment, Versioned { value, version }).await?;
    Ok(settings_response(&read_collection_settings(service, actor, environment)?))
}
