//! Environments: `/api/v1/projects/{project}/environments`.

use std::hash::BuildHasher;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use foldhash::quality::FixedState;
use phasegate_domain::{
    config::{EnvironmentFile, ImportChange},
    ids::{EnvironmentKey, ProjectKey},
};
use phasegate_service::{
    ServiceError,
    environments::{self, export_environment, import_environment, read_environment, try_import},
};
use phasegate_store::models;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{ApiContext, ApiJson, ApiPath, ApiQuery, authorise_caller};
use crate::http::{AppState, Precondition, Problem, etag_header};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_environments, create_environment))
        .routes(routes!(get_environment, rename_environment, delete_environment))
        .routes(routes!(get_file, apply_file))
}

/// A deployment of an app, such as production.
#[derive(Debug, Serialize, ToSchema)]
struct Environment {
    project: ProjectKey,
    key: EnvironmentKey,
    /// The display name of the environment.
    name: String,
}

/// The fields of a new environment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEnvironment {
    /// The key of the environment, such as `staging`.
    key: EnvironmentKey,
    /// The display name; defaults to the key.
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct ProjectPath {
    project: String,
}

impl From<models::Environment> for Environment {
    fn from(environment: models::Environment) -> Self {
        let models::Environment { project, key, name, .. } = environment;
        Self { project, key, name }
    }
}

/// Lists the environments of a project, oldest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments", tag = "environments",
    params(("project" = String, Path)),
    responses((status = 200, body = Vec<Environment>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_environments(
    State(state): State<AppState>,
    headers: HeaderMap,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Json<Vec<Environment>>, Problem> {
    let caller = authorise_caller(&state.service, &headers)?;
    caller.require_project(&state.service, &path.project)?;
    let all = environments::list_environments(&state.service, &caller.actor, &path.project)?;
    Ok(Json(all.into_iter().map(Environment::from).collect()))
}

/// Creates an environment; requires the scope admin.
///
/// All flags of the project are off there, without rules.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments", tag = "environments",
    params(("project" = String, Path)), request_body = NewEnvironment,
    responses((status = 201, body = Environment), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_environment(
    State(state): State<AppState>,
    headers: HeaderMap,
    ApiPath(path): ApiPath<ProjectPath>,
    ApiJson(new): ApiJson<NewEnvironment>,
) -> Result<(StatusCode, Json<Environment>), Problem> {
    let caller = authorise_caller(&state.service, &headers)?;
    caller.require_project(&state.service, &path.project)?;
    let (actor, beside, key) = (&caller.actor, caller.environment, new.key);
    let made =
        environments::create_environment(&state.service, actor, beside, key, &new.name).await?;
    Ok((StatusCode::CREATED, Json(read_environment(&state.service, actor, made)?.into())))
}

/// The key and display name of an environment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Names {
    /// The key; unchanged if omitted.
    key: Option<EnvironmentKey>,
    /// The display name; unchanged if omitted, the key if empty.
    name: Option<String>,
}

/// Returns an environment by its key.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = Environment, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_environment(call: ApiContext) -> Result<Response, Problem> {
    Ok(environment_response(&read_environment(&call.service, &call.actor, call.environment)?))
}

/// Renames an environment.
///
/// Requires a token of the whole project with the scope admin.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = String, Header)), request_body = Names,
    responses((status = 200, body = Environment, headers(("ETag" = String))),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "Another environment of the project has this key", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn rename_environment(
    call: ApiContext,
    ApiJson(names): ApiJson<Names>,
) -> Result<Response, Problem> {
    let live = call.cached_environment()?;
    let before = live.environment();
    call.precondition.check_version(&environment_version(before))?;
    let key = names.key.unwrap_or_else(|| before.key.clone());
    let name = names.name.unwrap_or_else(|| before.name.clone());
    let seen = matches!(call.precondition, Precondition::Tags(_)).then_some(before);
    environments::rename_environment(
        &call.service,
        &call.actor,
        call.environment,
        seen,
        key,
        &name,
    )
    .await?;
    Ok(environment_response(call.cached_environment()?.environment()))
}

/// Returns the version for the `ETag`: a hash of key and name.
fn environment_version(environment: &models::Environment) -> String {
    let names = (environment.key.as_str(), environment.name.as_str());
    format!("{:016x}", FixedState::with_seed(0).hash_one(names))
}

fn environment_response(environment: &models::Environment) -> Response {
    let answer = Environment {
        project: environment.project.clone(),
        key: environment.key.clone(),
        name: environment.name.clone(),
    };
    (etag_header(&environment_version(environment)), Json(answer)).into_response()
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Confirmation {
    /// The key of the environment, as a confirmation; deletion cannot be undone.
    confirm: String,
}

/// Deletes an environment with all its data.
///
/// That is its flag states, rules, overrides, keys, tokens, rollout and telemetry. Export its file
/// first to be able to apply it to another environment.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path), Confirmation),
    responses((status = 204), (status = 409, description = "The environment is the last one of its project", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_environment(
    call: ApiContext,
    ApiQuery(asked): ApiQuery<Confirmation>,
) -> Result<StatusCode, Problem> {
    environments::delete_environment(&call.service, &call.actor, call.environment, &asked.confirm)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exports the flags, segments and overrides of an environment as a file.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/file", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = EnvironmentFile, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_file(call: ApiContext) -> Result<Response, Problem> {
    let export = export_environment(&call.service, &call.actor, call.environment)?;
    Ok((etag_header(&export.based_on), Json(export.file)).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DryRun {
    /// Return the changes without applying them.
    #[serde(default)]
    dry_run: bool,
}

/// The changes of an applied file.
#[derive(Debug, Serialize, ToSchema)]
struct Applied {
    /// Whether the changes were applied; false for a dry run.
    applied: bool,
    changes: Vec<ImportChange>,
}

/// Applies a file to an environment.
///
/// Flags, segments and overrides that are not in the file are deleted.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/file", tag = "environments",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = Option<String>, Header), DryRun),
    request_body = EnvironmentFile,
    responses((status = 200, body = Applied),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn apply_file(
    call: ApiContext,
    ApiQuery(asked): ApiQuery<DryRun>,
    ApiJson(file): ApiJson<EnvironmentFile>,
) -> Result<Json<Applied>, Problem> {
    let (service, actor, environment) = (&call.service, &call.actor, call.environment);
    file.validate().map_err(ServiceError::from)?;
    let preview = try_import(service, actor, environment, &file)?;
    if asked.dry_run {
        return Ok(Json(Applied { applied: false, changes: preview.changes }));
    }
    call.precondition.check_version(&preview.based_on)?;
    // `*` also overwrites changes of other processes that this one has not read yet.
    let seen = (call.precondition != Precondition::Any).then_some(preview.based_on.as_str());
    let changes = import_environment(service, actor, environment, &file, seen).await?;
    Ok(Json(Applied { applied: true, changes }))
}
