//! Individual overrides: `/api/v1/projects/{project}/environments/{environment}/overrides`.

use std::sync::Arc;

use axum::{
    Json,
    extract::OriginalUri,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::utf8_percent_encode;
use phasegate_domain::{
    config::override_key, field_error::FieldCode, flags::IndividualOverride, ids::FlagKey,
};
use phasegate_service::flags::{self, Found, delete_override, save_override};
use phasegate_store::models::Versioned;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiJson, ApiPath, ApiQuery},
};
use crate::http::{AppState, IN_PATH, Precondition, Problem, etag_header};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_overrides, create_override)).routes(routes!(
        get_override,
        replace_override,
        delete_one
    ))
}

/// The path of an override, percent-decoded.
#[derive(Debug, Deserialize)]
struct OverridePath {
    flag: String,
    targeting_key: String,
}

fn flag_key(path: &OverridePath) -> Result<FlagKey, Problem> {
    FlagKey::new(path.flag.as_str())
        .map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
}

fn find_override(
    call: &ApiContext,
    path: &OverridePath,
) -> Result<Versioned<Arc<IndividualOverride>>, Problem> {
    let flag = flag_key(path)?;
    let (service, actor) = (&call.service, &call.actor);
    Ok(flags::find_override(service, actor, call.environment, &flag, &path.targeting_key)?)
}

fn override_response(stored: &Versioned<Arc<IndividualOverride>>) -> Response {
    (etag_header(&stored.version.to_string()), Json(&*stored.value)).into_response()
}

/// Lists individual overrides by flag and user, including expired ones.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/overrides", tag = "overrides",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<IndividualOverride>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_overrides(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Page<IndividualOverride>>, Problem> {
    let all = flags::list_overrides(&call.service, &call.actor, call.environment)?;
    let mut all: Vec<IndividualOverride> =
        all.into_iter().map(|stored| IndividualOverride::clone(&stored.value)).collect();
    all.sort_by_cached_key(override_key);
    Ok(Json(page.cut_page(all, override_key)?))
}

/// Creates an individual override.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/overrides", tag = "overrides",
    params(("project" = String, Path), ("environment" = String, Path)), request_body = IndividualOverride,
    responses((status = 201, body = IndividualOverride, headers(("ETag" = String), ("Location" = String))),
              (status = 409, description = "The user already has an override of this flag", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_override(
    call: ApiContext,
    OriginalUri(uri): OriginalUri,
    ApiJson(personal): ApiJson<IndividualOverride>,
) -> Result<Response, Problem> {
    let path = OverridePath {
        flag: personal.flag.to_string(),
        targeting_key: personal.targeting_key.clone(),
    };
    let new = Found::Nothing;
    save_override(&call.service, &call.actor, call.environment, personal, new).await?;
    let user = utf8_percent_encode(&path.targeting_key, IN_PATH);
    let location = [(header::LOCATION, format!("{}/{}/{user}", uri.path(), path.flag))];
    Ok((StatusCode::CREATED, location, override_response(&find_override(&call, &path)?))
        .into_response())
}

/// Returns the override of a flag for a user.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/overrides/{flag}/{targeting_key}", tag = "overrides",
    params(("project" = String, Path), ("environment" = String, Path), ("flag" = String, Path), ("targeting_key" = String, Path)),
    responses((status = 200, body = IndividualOverride, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_override(
    call: ApiContext,
    ApiPath(path): ApiPath<OverridePath>,
) -> Result<Response, Problem> {
    Ok(override_response(&find_override(&call, &path)?))
}

/// Replaces an individual override, or creates it.
///
/// Replacing requires `If-Match`; creating requires its absence.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/overrides/{flag}/{targeting_key}", tag = "overrides",
    params(("project" = String, Path), ("environment" = String, Path), ("flag" = String, Path), ("targeting_key" = String, Path), ("If-Match" = String, Header)),
    request_body = IndividualOverride,
    responses((status = 200, body = IndividualOverride, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_override(
    call: ApiContext,
    ApiPath(path): ApiPath<OverridePath>,
    ApiJson(personal): ApiJson<IndividualOverride>,
) -> Result<Response, Problem> {
    for (field, sent, addressed) in [
        ("flag", personal.flag.as_str(), &path.flag),
        ("targeting_key", &personal.targeting_key, &path.targeting_key),
    ] {
        if sent != addressed {
            let message = format!("must be {addressed} as in the address");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::invalid_field(status, field, FieldCode::Unchangeable, message));
        }
    }
    let expected = match (find_override(&call, &path), &call.precondition) {
        (Ok(stored), precondition) => {
            precondition.check_version(&stored.version.to_string())?;
            match precondition {
                Precondition::Tags(_) => Found::Version(stored.version),
                _ => Found::Anything,
            }
        }
        (Err(problem), Precondition::None) if problem.status() == StatusCode::NOT_FOUND => {
            Found::Nothing
        }
        (Err(problem), _) if problem.status() == StatusCode::NOT_FOUND => {
            let detail = "there is no such override any more";
            return Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail));
        }
        (Err(problem), _) => return Err(problem),
    };
    save_override(&call.service, &call.actor, call.environment, personal, expected).await?;
    Ok(override_response(&find_override(&call, &path)?))
}

/// Deletes an individual override.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/overrides/{flag}/{targeting_key}", tag = "overrides",
    operation_id = "delete_override",
    params(("project" = String, Path), ("environment" = String, Path), ("flag" = String, Path), ("targeting_key" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_one(
    call: ApiContext,
    ApiPath(path): ApiPath<OverridePath>,
) -> Result<StatusCode, Problem> {
    let stored = find_override(&call, &path)?;
    call.precondition.check_version(&stored.version.to_string())?;
    let (flag, user) = (flag_key(&path)?, &path.targeting_key);
    let seen = Some(stored.version);
    delete_override(&call.service, &call.actor, call.environment, &flag, user, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
