//! Server tokens: `/api/v1/projects/{project}/environments/{environment}/tokens`.

use axum::{
    Json,
    extract::OriginalUri,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    Timestamp,
    accounts::{Reach, Scope},
    ids::TokenId,
};
use phasegate_service::tokens::{
    self, TokenFields, create_token, delete_token, read_token, save_token,
};
use phasegate_store::models::ServerToken;
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
    OpenApiRouter::new().routes(routes!(list_tokens, create_one)).routes(routes!(
        get_token,
        replace_token,
        delete_one
    ))
}

/// The fields of a server token that can be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// The name, which the audit log shows.
    #[schema(max_length = 100)]
    name: String,
    /// The scopes of the token.
    scopes: Vec<Scope>,
    /// The reach of the token; this environment by default.
    #[serde(default)]
    reach: Reach,
}

/// A server token without its secret, of which only a digest is stored.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    id: i64,
    /// The name, which the audit log shows.
    name: String,
    /// The scopes of the token.
    scopes: Vec<Scope>,
    reach: Reach,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    created_by: String,
    /// The time of its last use.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A new token with its secret.
#[derive(Debug, Serialize, ToSchema)]
struct MadeToken {
    #[serde(flatten)]
    token: Token,
    /// The secret, which cannot be retrieved later.
    secret: String,
}

impl From<ServerToken> for Token {
    fn from(token: ServerToken) -> Self {
        let ServerToken { id, name, scopes, reach, created_at, created_by, last_used_at, .. } =
            token;
        Self { id: id.0, name, scopes, reach, created_at, created_by, last_used_at }
    }
}

#[derive(Debug, Deserialize)]
struct TokenPath {
    id: i64,
}

async fn find_token(call: &ApiContext, id: i64) -> Result<ServerToken, Problem> {
    Ok(read_token(&call.service, &call.actor, call.environment, TokenId(id)).await?)
}

/// Lists the server tokens of an environment; requires the scope admin.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/tokens", tag = "tokens",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<Token>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_tokens(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Page<Token>>, Problem> {
    let all = tokens::list_tokens(&call.service, &call.actor, call.environment).await?;
    let all = all.into_iter().map(Token::from).collect();
    Ok(Json(page.cut_page(all, |token: &Token| format!("{:020}", token.id))?))
}

/// Creates a server token.
///
/// Only this response contains its secret.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/tokens", tag = "tokens",
    operation_id = "create_token",
    params(("project" = String, Path), ("environment" = String, Path)), request_body = NewToken,
    responses((status = 201, body = MadeToken, headers(("ETag" = String), ("Location" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_one(
    call: ApiContext,
    OriginalUri(uri): OriginalUri,
    ApiJson(NewToken { name, scopes, reach }): ApiJson<NewToken>,
) -> Result<Response, Problem> {
    let seed = clock::generate_seed()
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let fields = TokenFields { name, scopes, reach };
    let made = create_token(&call.service, &call.actor, call.environment, &fields, &seed).await?;
    let headers = [(header::LOCATION, format!("{}/{}", uri.path(), made.token.id.0))];
    let tag = etag_header(&made.token.version.to_string());
    let made = MadeToken { token: made.token.into(), secret: made.secret };
    Ok((StatusCode::CREATED, headers, tag, Json(made)).into_response())
}

/// Returns a server token by its id.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/tokens/{id}", tag = "tokens",
    params(("project" = String, Path), ("environment" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = Token, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_token(
    call: ApiContext,
    ApiPath(path): ApiPath<TokenPath>,
) -> Result<Response, Problem> {
    let token = find_token(&call, path.id).await?;
    Ok((etag_header(&token.version.to_string()), Json(Token::from(token))).into_response())
}

/// Replaces the name, scopes and reach of a server token; its secret stays.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/tokens/{id}", tag = "tokens",
    params(("project" = String, Path), ("environment" = String, Path), ("id" = i64, Path), ("If-Match" = String, Header)),
    request_body = NewToken,
    responses((status = 200, body = Token, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_token(
    call: ApiContext,
    ApiPath(path): ApiPath<TokenPath>,
    ApiJson(NewToken { name, scopes, reach }): ApiJson<NewToken>,
) -> Result<Response, Problem> {
    let seen = find_token(&call, path.id).await?;
    call.precondition.check_version(&seen.version.to_string())?;
    let fields = TokenFields { name, scopes, reach };
    let token = save_token(&call.service, &call.actor, &seen, &fields).await?;
    Ok((etag_header(&token.version.to_string()), Json(Token::from(token))).into_response())
}

/// Deletes a server token, with immediate effect.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/tokens/{id}", tag = "tokens",
    operation_id = "delete_token",
    params(("project" = String, Path), ("environment" = String, Path), ("id" = i64, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_one(
    call: ApiContext,
    ApiPath(path): ApiPath<TokenPath>,
) -> Result<StatusCode, Problem> {
    let seen = find_token(&call, path.id).await?;
    call.precondition.check_version(&seen.version.to_string())?;
    delete_token(&call.service, &call.actor, &seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
