//! Exports of panels: `/admin/analytics.csv?panel=adoption&…`, followed by the query parameters of
//! the page.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use phasegate_app::selected_environment;
use phasegate_domain::{accounts::Account, ids::EnvironmentId};
use phasegate_service::{
    ObjectKind, ServiceError,
    access::Actor,
    analytics::{AnalyticsQuery, compute_analytics},
    panels::{self, Panel},
    performance::{PerformanceQuery, read_performance},
};
use serde::Serialize;

use crate::http::{AppState, Problem};

/// The format of an exported file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Csv,
    Json,
}

/// The query parameters of an export.
pub(super) type Fields = Query<BTreeMap<String, String>>;

fn query_field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// Returns the environment of the query, or the one selected in the browser; with `data=simulated`,
/// the id under which its simulated telemetry is stored.
fn query_environment(
    state: &AppState,
    headers: &HeaderMap,
    fields: &BTreeMap<String, String>,
) -> Result<EnvironmentId, Problem> {
    let wanted = query_field(fields, "environment");
    let all = state.service.environments();
    let named = all.iter().find(|live| live.environment().key.as_str() == wanted);
    let id = match named {
        Some(live) => live.environment().id,
        None if wanted.is_empty() => selected_environment(&state.service, headers)?,
        None => {
            let key = wanted.to_owned();
            return Err(ServiceError::NotFound { what: ObjectKind::Environment, key }.into());
        }
    };
    Ok(if query_field(fields, "data") == "simulated" { id.simulated_id() } else { id })
}

fn export_panel(
    panel: &Panel,
    answer: &impl Serialize,
    format: Format,
) -> Result<Response, Problem> {
    let name = |ending| format!("attachment; filename=\"{}.{ending}\"", panel.name);
    Ok(match format {
        Format::Csv => {
            let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
            let headers = [kind, (header::CONTENT_DISPOSITION, name("csv"))];
            (headers, panel.write_csv(answer)?).into_response()
        }
        Format::Json => {
            let headers = [(header::CONTENT_DISPOSITION, name("json"))];
            (headers, axum::Json(panel.extract_json(answer)?)).into_response()
        }
    })
}

async fn analytics_file(
    state: AppState,
    account: &Account,
    headers: &HeaderMap,
    fields: &BTreeMap<String, String>,
    format: Format,
) -> Result<Response, Problem> {
    let panel = panels::find_panel(&panels::ANALYTICS, query_field(fields, "panel"))?;
    let query = AnalyticsQuery::parse_parameters(|name| query_field(fields, name))?;
    let environment = query_environment(&state, headers, fields)?;
    let answer =
        compute_analytics(&state.service, &Actor::from(account), environment, &query).await?;
    export_panel(panel, &answer, format)
}

async fn performance_file(
    state: AppState,
    account: &Account,
    headers: &HeaderMap,
    fields: &BTreeMap<String, String>,
    format: Format,
) -> Result<Response, Problem> {
    let panel = panels::find_panel(&panels::PERFORMANCE, query_field(fields, "panel"))?;
    let query = PerformanceQuery::from_url_fields(|name| query_field(fields, name))?;
    let environment = query_environment(&state, headers, fields)?;
    let answer =
        read_performance(&state.service, &Actor::from(account), environment, &query).await?;
    export_panel(panel, &answer, format)
}

macro_rules! handlers {
    ($($name:ident: $file:ident, $format:expr;)+) => {
        $(pub(super) async fn $name(
            State(state): State<AppState>,
            Extension(account): Extension<Account>,
            Query(fields): Fields,
            headers: HeaderMap,
        ) -> Result<Response, Problem> {
            $file(state, &account, &headers, &fields, $format).await
        })+
    };
}

handlers! {
    analytics_csv: analytics_file, Format::Csv;
    analytics_json: analytics_file, Format::Json;
    performance_csv: performance_file, Format::Csv;
    performance_json: performance_file, Format::Json;
}
