//! Segments: `/api/v1/projects/{project}/environments/{environment}/segments`.

use axum::{
    Json,
    extract::OriginalUri,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    config::SegmentUse,
    field_error::FieldCode,
    ids::{EnvironmentKey, SegmentKey},
    targeting::{Condition, Segment},
};
use phasegate_service::segments::{self, SegmentDetail, read_segment_detail};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiJson, ApiPath, ApiQuery},
};
use crate::http::{AppState, Precondition, Problem, etag_header};

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

fn segment_key(path: &SegmentPath) -> Result<SegmentKey, Problem> {
    SegmentKey::new(path.key.as_str())
        .map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
}

fn find_segment(call: &ApiContext, key: &SegmentKey) -> Result<SegmentDetail, Problem> {
    Ok(read_segment_detail(&call.service, &call.actor, call.environment, key)?)
}

fn segment_response(detail: SegmentDetail) -> Response {
    let tag = etag_header(&detail.stored.version.to_string());
    (tag, Json(UsedSegment::from(detail))).into_response()
}

fn expected_version(call: &ApiContext, version: i64) -> Result<Option<i64>, Problem> {
    call.precondition.check_version(&version.to_string())?;
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
    let all = segments::list_segments(&call.service, &call.actor, call.environment)?;
    let all = all.into_iter().map(UsedSegment::from).collect();
    Ok(Json(page.cut_page(all, |used| used.key.to_string())?))
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
    segments::create_segment(&call.service, &call.actor, call.environment, segment).await?;
    let location = [(header::LOCATION, format!("{}/{key}", uri.path()))];
    Ok((StatusCode::CREATED, location, segment_response(find_segment(&call, &key)?))
        .into_response())
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
    Ok(segment_response(find_segment(&call, &segment_key(&path)?)?))
}

/// Replaces a segment in all environments of the project.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/segments/{key}", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    request_body = ChangedSegment,
    responses((status = 200, body = UsedSegment, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_segment(
    call: ApiContext,
    ApiPath(path): ApiPath<SegmentPath>,
    ApiJson(sent): ApiJson<ChangedSegment>,
) -> Result<Response, Problem> {
    let ChangedSegment { key, name, description, condition, _used_by } = sent;
    let segment = Segment { key, name, description, condition };
    let key = segment_key(&path)?;
    let version = expected_version(&call, find_segment(&call, &key)?.stored.version)?;
    if segment.key != key {
        let message = format!("must be {key} as in the address; keys never change");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::invalid_field(status, "key", FieldCode::Unchangeable, message));
    }
    segments::replace_segment(&call.service, &call.actor, call.environment, segment, version)
        .await?;
    Ok(segment_response(find_segment(&call, &key)?))
}

/// Deletes a segment that is not in use.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/segments/{key}", tag = "segments",
    params(("project" = String, Path), ("environment" = String, Path), ("key" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 409, description = "A rule or segment uses it", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_segment(
    call: ApiContext,
    ApiPath(path): ApiPath<SegmentPath>,
) -> Result<StatusCode, Problem> {
    let key = segment_key(&path)?;
    let version = expected_version(&call, find_segment(&call, &key)?.stored.version)?;
    segments::delete_segment(&call.service, &call.actor, call.environment, &key, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
