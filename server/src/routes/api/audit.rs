//! The audit log: `/api/v1/projects/{project}/environments/{environment}/audit`.

use axum::{Json, http::StatusCode};
use phasegate_domain::{
    Timestamp,
    audit::{AuditRecord, SubjectKind},
    diff::FieldChange,
    field_error::FieldCode,
};
use phasegate_service::audit::{MAX_LINES, read_audit_entries};
use phasegate_store::models::AuditQuery;
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{ApiContext, ApiQuery};
use crate::http::{AppState, Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditParams {
    /// Only this kind: rollout, flag, segment, override, token, `client_key`, environment.
    kind: Option<String>,
    /// Only entries about the subject with this key.
    key: Option<String>,
    /// Only entries with a lower id.
    before: Option<i64>,
    /// The maximum number of entries, up to 500; 100 by default.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AuditLine {
    /// Increases with time. Send the last id as `before` to get the next entries.
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The author: an e-mail address, `token …`, `command line (…)` or `schedule`.
    actor: String,
    /// The kind of the changed subject.
    kind: SubjectKind,
    key: String,
    /// The changed fields with old and new values.
    fields: Vec<FieldChange>,
    /// The change as stored; `subject` determines its other fields.
    #[schema(schema_with = stored_change_schema)]
    change: serde_json::Value,
}

/// Returns the schema of a change. Only `subject` is described, because newer versions add fields.
fn stored_change_schema() -> Object {
    let subjects = ["rollout", "flag_switched", "imported", "saved"];
    let subject = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(subjects));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("subject", subject)
        .required("subject")
        .build()
}

impl From<AuditRecord> for AuditLine {
    fn from(AuditRecord { id, entry }: AuditRecord) -> Self {
        let (kind, key) = entry.change.subject();
        Self {
            id,
            at: entry.at,
            kind,
            key: key.to_owned(),
            fields: entry.change.field_changes(),
            change: serde_json::to_value(&entry.change).unwrap_or_default(),
            actor: entry.actor.0,
        }
    }
}

/// Lists the entries of the audit log, newest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/audit", tag = "audit",
    params(("project" = String, Path), ("environment" = String, Path), AuditParams),
    responses((status = 200, body = Vec<AuditLine>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_audit(
    call: ApiContext,
    ApiQuery(query): ApiQuery<AuditParams>,
) -> Result<Json<Vec<AuditLine>>, Problem> {
    let kind = query.kind.map(|name| {
        SubjectKind::parse(&name).ok_or_else(|| {
            let message = format!("there is no kind {name:?}");
            Problem::invalid_field(StatusCode::BAD_REQUEST, "kind", FieldCode::Unknown, message)
        })
    });
    let query = AuditQuery {
        kind: kind.transpose()?,
        subjects: query.key.into_iter().collect(),
        before: query.before,
        limit: query.limit.unwrap_or(100).min(MAX_LINES),
        ..AuditQuery::default()
    };
    let lines = read_audit_entries(&call.service, &call.actor, call.environment, &query).await?;
    Ok(Json(lines.into_iter().map(AuditLine::from).collect()))
}
