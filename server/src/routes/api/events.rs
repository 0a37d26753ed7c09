//! Custom events: `/api/v1/projects/{project}/environments/{environment}/events`.

use axum::Json;
use phasegate_service::ingest::read_event_counts;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{Page, PageQuery},
    request::{ApiContext, ApiQuery},
};
use crate::http::{AppState, Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// A custom event of the app.
#[derive(Debug, Serialize, ToSchema)]
struct EventCount {
    name: String,
    /// The number of occurrences in the last hour.
    count: u64,
}

/// Lists the custom events of the last hour by name, with their counts.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/events", tag = "events",
    params(("project" = String, Path), ("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<EventCount>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_events(
    call: ApiContext,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Page<EventCount>>, Problem> {
    let all = read_event_counts(&call.service, &call.actor, call.environment).await?;
    let all = all.into_iter().map(|event| EventCount { name: event.name, count: event.count });
    Ok(Json(page.cut_page(all.collect(), |event| event.name.clone())?))
}
