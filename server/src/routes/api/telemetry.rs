//! Telemetry: `/api/v1/projects/{project}/environments/{environment}/analytics`, `…/performance`,
//! `…/retention-policy`, `…/maintenance`, `…/users/{id}` and `…/simulation`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    events::{Rejection, RejectionCode},
    field_error::{FieldCode, FieldError},
    ids::EnvironmentId,
    privacy::{ErasureReport, RetentionPolicy, StorageUsage, UserData},
};
use phasegate_service::{
    ServiceError,
    analytics::{Analytics, AnalyticsQuery, compute_analytics},
    ingest::{read_rejections, remove_simulation},
    maintenance::{measure_storage, read_retention_policy, save_retention_policy},
    performance::{Performance, PerformanceQuery, read_performance},
    privacy::{erase_user, read_user_data},
};
use phasegate_store::models::Versioned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{ApiContext, ApiJson, ApiPath, ApiQuery};
use crate::http::{AppState, Problem, etag_header};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_analytics))
        .routes(routes!(get_performance))
        .routes(routes!(get_retention, replace_retention))
        .routes(routes!(get_maintenance))
        .routes(routes!(get_user_data, delete_user))
        .routes(routes!(delete_simulation))
}

/// The query parameters of panels.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PanelQuery {
    range: String,
    from: String,
    to: String,
    dimension: String,
    flag: String,
    by: String,
    data: String,
}

impl PanelQuery {
    fn field_value(&self, name: &str) -> &str {
        match name {
            "range" => &self.range,
            "from" => &self.from,
            "to" => &self.to,
            "dimension" => &self.dimension,
            "flag" => &self.flag,
            "by" => &self.by,
            _ => "",
        }
    }

    fn resolve_environment(&self, real: EnvironmentId) -> Result<EnvironmentId, Problem> {
        match self.data.as_str() {
            "" | "real" => Ok(real),
            "simulated" => Ok(real.simulated_id()),
            other => {
                let text = format!("real or simulated, not {other:?}");
                let error = FieldError::new("data", FieldCode::Invalid, text);
                Err(ServiceError::from(error).into())
            }
        }
    }
}

/// Returns the analytics of users.
///
/// That is users, adoption, retention, sessions, tasks, feedback and custom events, each compared
/// with the previous period.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/analytics", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path),
        ("range" = Option<String>, Query, description = "`7d`, `30d` (default) or `90d`"),
        ("from" = Option<String>, Query, description = "The first day of a date range, such as 2026-11-01"),
        ("to" = Option<String>, Query, description = "The last day of a date range, such as 2026-11-30"),
        ("dimension" = Option<String>, Query, description = "segment:KEY, phase:NUMBER or flag:KEY:VARIANT:PHASE"),
        ("flag" = Option<String>, Query, description = "The flag whose variants retention is compared by"),
        ("data" = Option<String>, Query, description = "`real` (default) or `simulated`")),
    responses((status = 200, body = Analytics), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_analytics(
    call: ApiContext,
    ApiQuery(asked): ApiQuery<PanelQuery>,
) -> Result<Json<Analytics>, Problem> {
    let query = AnalyticsQuery::parse_parameters(|name| asked.field_value(name))?;
    let environment = asked.resolve_environment(call.environment)?;
    Ok(Json(compute_analytics(&call.service, &call.actor, environment, &query).await?))
}

/// Returns the performance of pages.
///
/// That is vitals, score, a breakdown by one dimension, slow endpoints and slow components.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/performance", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path),
        ("range" = Option<String>, Query, description = "`1h`, `24h` (default), `7d`, `30d` or `90d`"),
        ("from" = Option<String>, Query, description = "The first day of a date range, such as 2026-11-01"),
        ("to" = Option<String>, Query, description = "The last day of a date range, such as 2026-11-30"),
        ("dimension" = Option<String>, Query, description = "page:PATH, device:KIND, release:VERSION, segment:KEY, phase:NUMBER or flag:KEY:VARIANT:PHASE"),
        ("by" = Option<String>, Query, description = "`page` (default), `device`, `release`, `flag`, `phase` or `segment`"),
        ("data" = Option<String>, Query, description = "`real` (default) or `simulated`")),
    responses((status = 200, body = Performance), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_performance(
    call: ApiContext,
    ApiQuery(asked): ApiQuery<PanelQuery>,
) -> Result<Json<Performance>, Problem> {
    let query = PerformanceQuery::from_url_fields(|name| asked.field_value(name))?;
    let environment = asked.resolve_environment(call.environment)?;
    Ok(Json(read_performance(&call.service, &call.actor, environment, &query).await?))
}

fn retention_response(stored: &Versioned<RetentionPolicy>) -> Response {
    (etag_header(&stored.version.to_string()), Json(stored.value)).into_response()
}

/// Returns the retention policy of telemetry.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/retention-policy", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = RetentionPolicy, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_retention(call: ApiContext) -> Result<Response, Problem> {
    Ok(retention_response(&read_retention_policy(&call.service, &call.actor, call.environment)?))
}

/// Replaces the retention policy of telemetry.
///
/// Expired data is deleted within an hour.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/retention-policy", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = String, Header)),
    request_body = RetentionPolicy,
    responses((status = 200, body = RetentionPolicy, headers(("ETag" = String))),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_retention(
    call: ApiContext,
    ApiJson(value): ApiJson<RetentionPolicy>,
) -> Result<Response, Problem> {
    let (service, actor, environment) = (&call.service, &call.actor, call.environment);
    let version = read_retention_policy(service, actor, environment)?.version;
    call.precondition.check_version(&version.to_string())?;
    save_retention_policy(service, actor, environment, Versioned { value, version }).await?;
    Ok(retention_response(&read_retention_policy(service, actor, environment)?))
}

/// The storage that telemetry uses, and the rejections of the last days.
#[derive(Debug, Serialize, ToSchema)]
struct Maintenance {
    /// The storage of the whole server.
    storage: StorageUsage,
    /// The rejections of this environment in the last 7 days, the most frequent first.
    rejections: Vec<Rejections>,
}

/// A reason of rejection with its count.
#[derive(Debug, Serialize, ToSchema)]
struct Rejections {
    code: RejectionCode,
    /// The field of the event or batch, or the quota; empty if the code has none.
    field: String,
    /// A description of the code.
    message: &'static str,
    events: u64,
}

impl Rejections {
    fn new((Rejection { code, field }, events): (Rejection, u64)) -> Self {
        Self { code, field, message: code.title(), events }
    }
}

/// Returns the storage that telemetry uses, and the rejections of the last 7 days by reason.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/maintenance", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = Maintenance),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_maintenance(call: ApiContext) -> Result<Json<Maintenance>, Problem> {
    let storage = measure_storage(&call.service, &call.actor).await?;
    let found = read_rejections(&call.service, &call.actor, call.environment).await?;
    let rejections = found.into_iter().map(Rejections::new).collect();
    Ok(Json(Maintenance { storage, rejections }))
}

/// The user id in the path.
#[derive(Debug, Deserialize)]
struct UserPath {
    id: String,
}

/// Returns everything that is stored about a user.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/users/{id}", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path),
        ("id" = String, Path, description = "The user ID that the app uses")),
    responses((status = 200, body = UserData),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_user_data(
    call: ApiContext,
    ApiPath(path): ApiPath<UserPath>,
) -> Result<Json<UserData>, Problem> {
    Ok(Json(read_user_data(&call.service, &call.actor, call.environment, &path.id).await?))
}

/// Erases the data of a user.
///
/// Aggregated counts remain, because they do not identify anyone.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/users/{id}", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path),
        ("id" = String, Path, description = "The user ID that the app uses")),
    responses((status = 200, body = ErasureReport),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_user(
    call: ApiContext,
    ApiPath(path): ApiPath<UserPath>,
) -> Result<Json<ErasureReport>, Problem> {
    Ok(Json(erase_user(&call.service, &call.actor, call.environment, &path.id).await?))
}

/// Deletes the telemetry of `phasegate simulate`.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}/simulation", tag = "telemetry",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 204, description = "The simulated telemetry is deleted"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn delete_simulation(call: ApiContext) -> Result<StatusCode, Problem> {
    remove_simulation(&call.service, &call.actor, call.environment).await?;
    Ok(StatusCode::NO_CONTENT)
}
