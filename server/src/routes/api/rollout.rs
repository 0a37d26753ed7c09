//! The rollout: `/api/v1/projects/{project}/environments/{environment}/rollout`.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::{
    Timestamp,
    field_error::{FieldCode, FieldError},
    rollout::{CommandKind, RecordEntry, RolloutCommand},
    words::serde_field_error,
};
use phasegate_service::{
    ObjectKind, ServiceError,
    rollout::{
        PlanBase, PlanChange, PlanImport, RolloutOverview, add_to_record, execute_command,
        export_plan, import_plan, read_plan, read_review, read_rollout_view, try_plan,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{ApiContext, ApiJson, ApiQuery};
use crate::{
    clock,
    http::{AppState, Precondition, Problem, etag_header},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_rollout))
        .routes(routes!(command_rollout))
        .routes(routes!(add_to_rollout))
        .routes(routes!(get_plan, replace_plan))
        .routes(routes!(get_review))
}

async fn read_overview(call: &ApiContext) -> Result<RolloutOverview, Problem> {
    let view = read_rollout_view(&call.service, &call.actor, call.environment).await?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "this environment has no rollout");
    Ok(RolloutOverview::from_view(&view.ok_or_else(missing)?))
}

fn overview_response(status: &RolloutOverview) -> Response {
    (etag_header(&status.version.to_string()), Json(status)).into_response()
}

/// Returns the state of the rollout, its gate and the possible commands.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/rollout", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = RolloutOverview, headers(("ETag" = String))),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_rollout(call: ApiContext) -> Result<Response, Problem> {
    Ok(overview_response(&read_overview(&call).await?))
}

/// A command to the rollout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SentCommand {
    command: CommandKind,
    /// The reason; required to overrule a rule or to take features away.
    #[serde(default)]
    reason: String,
    /// For a rollback: the time of detection; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "phasegate_domain::targeting::read_optional_instant")]
    detected_at: Option<Timestamp>,
}

/// Sends a command to the rollout.
///
/// With `If-Match`, only if the rollout was not changed in the meantime. `start`, `advance`,
/// `restore` and `complete` require it; commands that take features away do not.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/rollout/commands", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = SentCommand,
    responses((status = 200, body = RolloutOverview, headers(("ETag" = String))),
              (status = 409, description = "A rule of the rollout refuses the command; the detail names it and the commands that are possible", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "The command requires If-Match", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn command_rollout(
    call: ApiContext,
    ApiJson(sent): ApiJson<SentCommand>,
) -> Result<Response, Problem> {
    let (service, actor, environment) = (&call.service, &call.actor, call.environment);
    let seen = match &call.precondition {
        // Compared by the command, whose error says who changed an outdated version, and how.
        Precondition::Tags(tags) => {
            let newest = tags.iter().filter_map(|tag| tag.parse().ok()).max();
            Some(newest.unwrap_or_default())
        }
        // An advance that a proxy repeats would skip a phase. Rollbacks must not be delayed.
        Precondition::None if sent.command.gives_features() => {
            call.precondition.check_version("")?;
            None
        }
        Precondition::None | Precondition::Any => None,
    };
    let SentCommand { command: kind, reason, detected_at } = sent;
    let wanted = RolloutCommand { kind, reason, detected_at };
    execute_command(service, actor, environment, &wanted, seen).await?;
    Ok(overview_response(&read_overview(&call).await?))
}

/// Adds an entry to the record of the rollout.
///
/// For example `{"kind": "tick", "item": "…"}`; other kinds are `untick`, `sign_off`, `vote`,
/// `acknowledge`, `note`, `notify`, `write_post_mortem` and `close_incident`.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/rollout/record", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path)),
    request_body = RecordEntry,
    responses((status = 200, body = RolloutOverview, headers(("ETag" = String))),
              (status = 409, description = "A rule of the rollout refuses it", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn add_to_rollout(
    call: ApiContext,
    ApiJson(sent): ApiJson<Value>,
) -> Result<Response, Problem> {
    let record_entry = parse_record_entry(sent)?;
    add_to_record(&call.service, &call.actor, call.environment, &record_entry).await?;
    Ok(overview_response(&read_overview(&call).await?))
}

/// Returns the review of the last seven days, in Markdown.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/rollout/review", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_review(call: ApiContext) -> Result<Response, Problem> {
    let review = read_review(&call.service, &call.actor, call.environment).await?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "this environment has no rollout");
    let kind = (header::CONTENT_TYPE, "text/markdown; charset=utf-8");
    Ok(([kind], review.ok_or_else(missing)?.to_markdown()).into_response())
}

/// Parses a record entry. Unknown fields are rejected, because their values would be lost.
fn parse_record_entry(sent: Value) -> Result<RecordEntry, Problem> {
    let wrong = |error: FieldError| Problem::of_field(StatusCode::UNPROCESSABLE_ENTITY, error);
    let read: RecordEntry = serde_json::from_value(sent.clone())
        .map_err(|error| wrong(name_problem_field(&sent, &error)))?;
    let known = serde_json::to_value(&read).unwrap_or_default();
    let fields = sent.as_object().into_iter().flatten();
    let unknown =
        fields.filter(|(_, value)| !value.is_null()).find(|(name, _)| known.get(name).is_none());
    match unknown {
        Some((name, _)) => {
            Err(wrong(FieldError::new(name, FieldCode::Unknown, "there is no such field")))
        }
        None => Ok(read),
    }
}

/// Converts an error of serde, with the name of the invalid field. The deserializer of a tagged enum
/// does not report it, so this searches for the field without which the problem differs.
fn name_problem_field(sent: &Value, error: &serde_json::Error) -> FieldError {
    let problem = serde_field_error("", &error.to_string());
    if !problem.field.is_empty() {
        return problem;
    }
    // Without its tag the problem always differs, so it is tried last.
    let names = || sent.as_object().into_iter().flat_map(serde_json::Map::keys);
    let is_tag = |name: &&String| name.as_str() == "kind";
    let mut fields = names().filter(|name| !is_tag(name)).chain(names().filter(is_tag));
    let is_its_field = |name: &&String| {
        let mut rest = sent.clone();
        rest.as_object_mut().map(|fields| fields.remove(*name));
        let without = serde_json::from_value::<RecordEntry>(rest);
        without.map_or_else(
            |error| serde_field_error("", &error.to_string()).message != problem.message,
            |_| true,
        )
    };
    match fields.find(is_its_field) {
        Some(name) => FieldError { field: name.clone(), ..problem.clone() },
        None => problem.clone(),
    }
}

/// A plan as a TOML file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanText {
    /// The plan in TOML, with the flags and segments that it names.
    toml: String,
    /// The reason for the import; required while a rollout is in progress.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// Returns the plan as a TOML file.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments/{environment}/rollout/plan", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = PlanText, headers(("ETag" = String))), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn get_plan(call: ApiContext) -> Result<Response, Problem> {
    let plan = export_plan(&call.service, &call.actor, call.environment).await?;
    let text = PlanText { toml: plan.value, note: String::new() };
    Ok((etag_header(&plan.version.to_string()), Json(text)).into_response())
}

/// The result of an import or of a dry run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum PlanAnswer {
    DryRun(PlanChange),
    /// The state of the rollout after the import.
    Imported(Box<RolloutOverview>),
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DryRun {
    /// Return the changes without importing the plan.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a plan: a new one, or a higher revision of the current one.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/rollout/plan", tag = "rollout",
    params(("project" = String, Path), ("environment" = String, Path), ("If-Match" = Option<String>, Header), DryRun), request_body = PlanText,
    responses((status = 200, description = "The state of the rollout after the import; for a dry run, the changes", body = PlanAnswer),
              (status = 412, description = "The version in If-Match is outdated", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "A rule of the rollout refuses it", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn replace_plan(
    call: ApiContext,
    ApiQuery(asked): ApiQuery<DryRun>,
    ApiJson(sent): ApiJson<PlanText>,
) -> Result<Response, Problem> {
    let (service, actor, environment) = (&call.service, &call.actor, call.environment);
    let plan = read_plan(service, environment, &sent.toml)?;
    let seed = clock::generate_seed().map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the operating system gave no randomness")
    })?;
    let base = match (&call.precondition, call.cached_environment()?.snapshot().rollout()) {
        (Precondition::Tags(_), Some(rollout)) => {
            call.precondition.check_version(&rollout.version.to_string())?;
            PlanBase::Seen(Some(rollout.version))
        }
        // There is no plan that the tag could refer to.
        (Precondition::Tags(_), None) => {
            return Err(ServiceError::Conflict(ObjectKind::Rollout).into());
        }
        (Precondition::None, Some(rollout)) if !asked.dry_run => {
            call.precondition.check_version(&rollout.version.to_string())?;
            PlanBase::Any
        }
        (Precondition::None, None) => PlanBase::Seen(None),
        (Precondition::None | Precondition::Any, _) => PlanBase::Any,
    };
    let import = PlanImport { note: &sent.note, salt: &seed, base };
    if asked.dry_run {
        let change = try_plan(service, actor, environment, &plan, import).await?;
        return Ok(Json(PlanAnswer::DryRun(change)).into_response());
    }
    import_plan(service, actor, environment, &plan, import).await?;
    let status = read_overview(&call).await?;
    let tag = etag_header(&status.version.to_string());
    Ok((tag, Json(PlanAnswer::Imported(Box::new(status)))).into_response())
}
