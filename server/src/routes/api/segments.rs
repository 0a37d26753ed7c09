//! Segments: `/api/v1/projects/{project}/environments/{environment}/segments`.

use axum::{
    Json,
    extract::OriginalUri,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    config::SegmentUse,
    ids::{EnvironmentKey, SegmentKey},
    targeting::{Condition, Segment},
};
use phasegate_service::segments::{SegmentDetail, create, delete, detail, list, replace};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiJson, ApiPath, ApiQuery},
};
use crate::http::{AppState, Precondition, Problem, etag};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_segments, create_segment)).routes(routes!(
        get_segment,
        replace_segment,
        delete_segment
    ))
}

/// A rule, segment or phase that uses a segment.
#[derive(Debug, Serialize, ToSchema)]
struct Use {
    /// The environment of the use.
    environment: EnvironmentKey,
    #[serde(flatten)]
    by: SegmentUse,
}

/// A segment with its uses in all environments of the project.
#[derive(Debug, Serialize, ToSchema)]
struct UsedSegment {
    key: SegmentKey,
    /// The display name of the segment.
    name: String,
    /// The purpose of the segment.
    description: String,
    condition: Condition,
    /// The rules, segments and phases that use it.
    used_by: Vec<Use>,
}

/// A changed segment. `used_by` is accepted, so that a response can be sent back, but ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedSegment {
    /// The key, which must equal that of the path.
    key: SegmentKey,
    /// The display name of the segment.
    name: String,
    /// The purpose of the segment.
    #[serde(default)]
    description: String,
    condition: Condition,
    #[serde(default, rename = "used_by")]
    #[schema(value_type = Option<Vec<Use>>)]
    _used_by: IgnoredAny,
}

impl From<SegmentDetail> for UsedSegment {
    fn from(detail: SegmentDetail) -> Self {
        let used_by = detail.uses.into_iter();
        let used_by = used_by.map(|used| Use { environment: used.environment, by: used.by });
        let Segment { key, name, description, condition } = Segment::clone(&detail.stored.value);
        Self { key, name, description, condition, used_by: used_by.collect() }
    }
}

#[derive(Debug, Deserialize)]
struct SegmentPath {
    key: String,
}

fn key_of(path: &SegmentPath) -> Result<SegmentKey, Problem> {
    SegmentKey::new(path.key.as_str())
        .map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
}

fn found(call: &ApiContext, key: &SegmentKey) -> Result<SegmentDetail, Problem> {
    Ok(detail(&call.service, &call.actor, call.environment, key)?)
}

fn respond(detail: SegmentDetail) -> Response {
    let tag = etag(&detail.stored.version.to_string());
    (tag, Json(UsedSegment::from(detail))).into_response()
}

fn expected(call: &ApiContext, version: i64) -> Result<Option<i64>, Problem> {
    call.precondition.check(&version.to_string())?;
    Ok(matches!(call.precondition, Precondition::Tags(_)).then_some(version))
}

/// Lists the segments, by key.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/segments", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<UsedSegment>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_segments(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Page<UsedSegment>>, Problem> {
    let all = list(&call.service, &call.actor, call.environment)?;
    let all = all.into_iter().map(UsedSegment::from).collect();
    Ok(Json(page.cut(all, |used| used.key.to_string())?))
}

/// Creates a segment in all environments of the project.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/segments", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path)), request_body = Segment,
    responses((status = 201, body = UsedSegment, headers(("ETag" = String), ("Location" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_segment(
    call: ApiContext,
    OriginalUri(uri): OriginalUri,
    ApiJson(segment): ApiJson<Segment>,
) -> Result<Response, Problem> {
    let key = segment.key.clone();
    create(&call.service, &call.actor, call.environment, segment).await?;
    let location = [(header::LOCATION, format!("{}/{key}", uri.path()))];
    Ok((StatusCode::CREATED, location, respond(found(&call, &key)?)).into_response())
}

/// Returns a segment by its key.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/segments/{key}", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = UsedSegment, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_segment(
    call: ApiContext,
    ApiPath(path): ApiPath<SegmentPath>,
) -> Result<Response, Problem> {
    Ok(respond(found(&call, &key_of(&path)?)?))
}

/// Replaces a segment in all environments of the project.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/segments/{key}", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    request_body = ChangedSegment,
    responses((status = 200, body = UsedSegment, headers(("ETag" = String))),
              (status = 412, description = "It was changed in the meantime", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_segment(
    call: ApiContext,
    ApiPath(path): ApiPath<SegmentPath>,
    ApiJson(sent): ApiJson<ChangedSegment>,
) -> Result<Response, Problem> {
    let ChangedSegment { key, name, description, condition, _used_by } = sent;
    let segment = Segment { key, name, description, condition };
    let key = key_of(&path)?;
    let version = expected(&call, found(&call, &key)?.stored.version)?;
    if segment.key != key {
        let detail = format!("key: must be {key} as in the address; keys never change");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    replace(&call.service, &call.actor, call.environment, segment, version).await?;
    Ok(respond(found(&call, &key)?))
}

/// Deletes a segment that is not in use.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/segments/{key}", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 409, description = "Something asks for it", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_segment(
    call: ApiContext,
    ApiPath(path): ApiPath<SegmentPath>,
) -> Result<StatusCode, Problem> {
    let key = key_of(&path)?;
    let version = expected(&call, found(&call, &key)?.stored.version)?;
    delete(&call.service, &call.actor, call.environment, &key, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
