//! Client keys: `/api/v1/projects/{project}/environments/{environment}/client-keys`.

use axum::{
    Json,
    extract::OriginalUri,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::Timestamp;
use phasegate_service::tokens::{
    self, ClientKeyFields, create_client_key, delete_client_key, read_client_key, save_client_key,
};
use phasegate_store::models::ClientKey as StoredKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiJson, ApiPath, ApiQuery},
};
use crate::{
    clock,
    http::{AppState, Problem, etag_header},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_keys, create_key)).routes(routes!(
        get_key,
        replace_key,
        delete_key
    ))
}

/// The fields of a client key that can be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClientKey {
    /// The display name of the key.
    #[schema(max_length = 100)]
    name: String,
    /// The origins whose pages may use the key, such as `https://shop.example`; any if empty.
    #[serde(default)]
    allowed_origins: Vec<String>,
}

/// A public key that pages use to evaluate flags and send telemetry.
#[derive(Debug, Serialize, ToSchema)]
struct ClientKey {
    key: String,
    /// The display name of the key.
    name: String,
    /// The origins whose pages may use the key; any if empty.
    allowed_origins: Vec<String>,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<StoredKey> for ClientKey {
    fn from(stored: StoredKey) -> Self {
        let StoredKey { key, name, allowed_origins, created_at, .. } = stored;
        Self { key, name, allowed_origins, created_at }
    }
}

impl From<NewClientKey> for ClientKeyFields {
    fn from(NewClientKey { name, allowed_origins }: NewClientKey) -> Self {
        Self { name, allowed_origins }
    }
}

#[derive(Debug, Deserialize)]
struct KeyPath {
    key: String,
}

async fn find_client_key(call: &ApiContext, key: &str) -> Result<StoredKey, Problem> {
    Ok(read_client_key(&call.service, &call.actor, call.environment, key).await?)
}

fn client_key_response(stored: StoredKey) -> Response {
    (etag_header(&stored.version.to_string()), Json(ClientKey::from(stored))).into_response()
}

/// Lists the client keys of an environment.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/client-keys", tag = "client keys",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<ClientKey>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_keys(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Page<ClientKey>>, Problem> {
    let all = tokens::list_client_keys(&call.service, &call.actor, call.environment).await?;
    let mut all: Vec<ClientKey> = all.into_iter().map(ClientKey::from).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(Json(page.cut_page(all, |key| key.key.clone())?))
}

/// Creates a client key; requires the scope admin.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/client-keys", tag = "client keys",
    params(("project" = String, Path), ("environment" = String, Path)), request_body = NewClientKey,
    responses((status = 201, body = ClientKey, headers(("ETag" = String), ("Location" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_key(
    call: ApiContext,
    OriginalUri(uri): OriginalUri,
    ApiJson(fields): ApiJson<NewClientKey>,
) -> Result<Response, Problem> {
    let seed = clock::generate_seed()
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let (service, actor, fields) = (&call.service, &call.actor, fields.into());
    let made = create_client_key(service, actor, call.environment, &fields, &seed).await?;
    let location = [(header::LOCATION, format!("{}/{}", uri.path(), made.key))];
    Ok((StatusCode::CREATED, location, client_key_response(made)).into_response())
}

/// Returns a client key with its settings.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/client-keys/{key}", tag = "client keys",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = ClientKey, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_key(call: ApiContext, ApiPath(path): ApiPath<KeyPath>) -> Result<Response, Problem> {
    Ok(client_key_response(find_client_key(&call, &path.key).await?))
}

/// Replaces the name and the allowed origins of a client key.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/client-keys/{key}", tag = "client keys",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    request_body = NewClientKey,
    responses((status = 200, body = ClientKey, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_key(
    call: ApiContext,
    ApiPath(path): ApiPath<KeyPath>,
    ApiJson(fields): ApiJson<NewClientKey>,
) -> Result<Response, Problem> {
    let seen = find_client_key(&call, &path.key).await?;
    call.precondition.check_version(&seen.version.to_string())?;
    Ok(client_key_response(
        save_client_key(&call.service, &call.actor, &seen, &fields.into()).await?,
    ))
}

/// Deletes a client key.
///
/// Requests of pages that still use it are rejected.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/client-keys/{key}", tag = "client keys",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_key(
    call: ApiContext,
    ApiPath(path): ApiPath<KeyPath>,
) -> Result<StatusCode, Problem> {
    let seen = find_client_key(&call, &path.key).await?;
    call.precondition.check_version(&seen.version.to_string())?;
    delete_client_key(&call.service, &call.actor, &seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
