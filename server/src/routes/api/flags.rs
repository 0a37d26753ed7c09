//! Flags: `/api/v1/projects/{project}/environments/{environment}/flags`.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{field_error::FieldCode, flags::FlagDocument, ids::FlagKey};
use phasegate_service::flags::{
    self, Expected, change_flag, read_replacement, stored_flag, stored_flags,
};
use phasegate_store::models::{FlagVersion, StoredFlag};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiJson, ApiPath, ApiQuery},
};
use crate::http::{AppState, Precondition, Problem, etag_header};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_flags, create_flag))
        .routes(routes!(get_flag, replace_flag, delete_flag))
        .routes(routes!(switch_flag))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only flags with this text in key, name, description or owner, ignoring case.
    q: Option<String>,
    /// Only flags with this tag.
    tag: Option<String>,
    /// Whether to include archived flags.
    #[serde(default)]
    archived: bool,
}

fn format_version(version: FlagVersion) -> String {
    format!("{}.{}", version.definition, version.state)
}

fn flag_document(stored: &StoredFlag) -> FlagDocument {
    FlagDocument::new(&stored.flag, &stored.state)
}

fn find_flag(call: &ApiContext, key: &str) -> Result<StoredFlag, Problem> {
    Ok(stored_flag(&call.service, &call.actor, call.environment, key)?)
}

/// Checks `If-Match` and returns the version that a change must find, so that no other change can
/// come between this check and the write.
fn expected_flag_version(call: &ApiContext, stored: &StoredFlag) -> Result<Expected, Problem> {
    call.precondition.check_version(&format_version(stored.version()))?;
    Ok(match call.precondition {
        Precondition::Tags(_) => Expected::Version(stored.version()),
        _ => Expected::Any,
    })
}

/// Lists the flags of an environment, by key.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/flags", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery, Filter),
    responses((status = 200, body = Page<FlagDocument>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_flags(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Json<Page<FlagDocument>>, Problem> {
    let (text, tag) = (filter.q.unwrap_or_default(), filter.tag.unwrap_or_default());
    let is_asked = |stored: &&StoredFlag| {
        (filter.archived || !stored.flag.archived) && stored.flag.matches_search(&text, &tag)
    };
    let all = stored_flags(&call.service, &call.actor, call.environment)?;
    let all = all.iter().filter(is_asked).map(flag_document).collect();
    Ok(Json(page.cut_page(all, |document| document.key.to_string())?))
}

/// Creates a flag in the project.
///
/// Omitted fields get their defaults. In the other environments the flag is off, without rules.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/flags", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path)), request_body = FlagDocument,
    responses((status = 201, body = FlagDocument, headers(("ETag" = String), ("Location" = String))),
              (status = 409, description = "The key is taken", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "A field is invalid; the errors name it", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_flag(
    call: ApiContext,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    ApiJson(document): ApiJson<FlagDocument>,
) -> Result<Response, Problem> {
    let key = document.key.clone();
    flags::create_flag(&call.service, &call.actor, call.environment, document).await?;
    let location = [(header::LOCATION, format!("{}/{key}", uri.path()))];
    Ok((StatusCode::CREATED, location, flag_response(&call, key.as_str())?).into_response())
}

fn flag_response(call: &ApiContext, key: &str) -> Result<Response, Problem> {
    let stored = find_flag(call, key)?;
    Ok((etag_header(&format_version(stored.version())), Json(flag_document(&stored)))
        .into_response())
}

#[derive(Debug, Deserialize)]
struct FlagPath {
    key: String,
}

/// Returns a flag by its key.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/flags/{key}", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = FlagDocument, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_flag(call: ApiContext, ApiPath(path): ApiPath<FlagPath>) -> Result<Response, Problem> {
    flag_response(&call, &path.key)
}

/// Replaces the whole document of a flag.
///
/// Omitted fields get their defaults, except `killed`, which stays. To change single fields, get
/// the flag, modify it, and send it back with `If-Match`.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/flags/{key}", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    request_body = FlagDocument,
    responses((status = 200, body = FlagDocument, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_flag(
    call: ApiContext,
    ApiPath(path): ApiPath<FlagPath>,
    ApiJson(json): ApiJson<serde_json::Value>,
) -> Result<Response, Problem> {
    let stored = find_flag(&call, &path.key)?;
    let document = read_replacement(json, stored.state.killed)?;
    let expected = expected_flag_version(&call, &stored)?;
    if document.key != stored.flag.key {
        let message = format!("must be {} as in the address; keys never change", path.key);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::invalid_field(status, "key", FieldCode::Unchangeable, message));
    }
    flags::replace_flag(&call.service, &call.actor, call.environment, document, expected).await?;
    flag_response(&call, &path.key)
}

/// An immediate action on a flag.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Act {
    /// Switches the flag on in this environment.
    On,
    /// Switches the flag off in this environment.
    Off,
    /// Sets the kill switch, which only environment overrides precede.
    Kill,
    /// Resets the kill switch of the flag.
    Revive,
}

#[derive(Debug, Deserialize)]
struct ActPath {
    key: String,
    action: Act,
}

/// Switches a flag on or off, kills or revives it.
///
/// Takes no body and overwrites no other field. With `If-Match`, only if the flag was not changed
/// in the meantime.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/flags/{key}/{action}", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("action" = inline(Act), Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = FlagDocument, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn switch_flag(
    call: ApiContext,
    ApiPath(path): ApiPath<ActPath>,
) -> Result<Response, Problem> {
    let stored = find_flag(&call, &path.key)?;
    let expected = match call.precondition {
        Precondition::None => Expected::Any,
        _ => expected_flag_version(&call, &stored)?,
    };
    let key = &stored.flag.key;
    change_flag(&call.service, &call.actor, call.environment, key, expected, |flag| {
        match path.action {
            Act::On => flag.enabled = true,
            Act::Off => flag.enabled = false,
            Act::Kill => flag.killed = true,
            Act::Revive => flag.killed = false,
        }
        Ok(())
    })
    .await?;
    flag_response(&call, &path.key)
}

/// Deletes a flag in all environments.
///
/// The audit log keeps its definition.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/flags/{key}", tag = "flags",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 409, description = "Another flag or a plan depends on it", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_flag(
    call: ApiContext,
    ApiPath(path): ApiPath<FlagPath>,
) -> Result<StatusCode, Problem> {
    let stored = find_flag(&call, &path.key)?;
    let expected = expected_flag_version(&call, &stored)?;
    let key: &FlagKey = &stored.flag.key;
    flags::delete_flag(&call.service, &call.actor, call.environment, key, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
