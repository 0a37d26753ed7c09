//! Server functions of plans.

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, FlagKey};
#[cfg(feature = "ssr")]
use phasegate_service::rollout::{self as service, PlanBase, PlanImport};

#[cfg(feature = "ssr")]
use super::caller::{Caller, draw_seed, read_caller};
use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use crate::models::build_plan_difference;
use crate::models::{Difference, Done, drafts::PlanDraft};

#[cfg(feature = "ssr")]
async fn compare(caller: &Caller, text: String, note: String) -> Result<Difference, ApiError> {
    let Caller { service, actor, environment } = caller;
    let plan = service::read_plan(service, *environment, &text)?;
    let change = service::compare_plan(service, actor, *environment, &plan).await?;
    Ok(build_plan_difference(text, note, change))
}

/// Describes what importing a plan as TOML would change. Nothing is changed.
#[server(prefix = "/admin/fn", endpoint = "plan/preview", output = JsonResult)]
pub async fn preview_plan(
    environment: EnvironmentKey,
    plan: String,
    #[server(default)] note: String,
) -> Result<Difference, ApiError> {
    let caller = read_caller(&environment)?;
    compare(&caller, plan.replace("\r\n", "\n"), note).await
}

/// Describes what the fields of the plan editor would change. Nothing is changed.
#[server(prefix = "/admin/fn", endpoint = "plan/preview_draft", output = JsonResult)]
pub async fn preview_plan_draft(
    environment: EnvironmentKey,
    draft: PlanDraft,
    #[server(default)] note: String,
) -> Result<Difference, ApiError> {
    let caller = read_caller(&environment)?;
    let Caller { service, actor, environment } = &caller;
    let rollout = service::read_rollout_summary(service, actor, *environment).await?;
    let missing = || ApiError::new(404, super::ApiErrorCode::NotFound, "There is no plan to edit.");
    let typed = draft.parse_plan(&rollout.ok_or_else(missing)?.plan)?;
    let text = service::plan_text(service, *environment, &typed)?;
    compare(&caller, text, note).await
}

/// Imports a plan, if the rollout still has the version that the difference was shown for.
#[server(prefix = "/admin/fn", endpoint = "plan/import", output = JsonResult)]
pub async fn import_plan(
    environment: EnvironmentKey,
    plan: String,
    #[server(default)] note: String,
    #[server(default)] version: Option<i64>,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let read = service::read_plan(&service, environment, &plan.replace("\r\n", "\n"))?;
    let import =
        PlanImport { note: note.trim(), salt: &draw_seed()?, base: PlanBase::Seen(version) };
    service::import_plan(&service, &actor, environment, &read, import).await?;
    Ok(Done { next: Some("/admin/rollout/plan".to_owned()), ..Done::new("Plan imported.") })
}

/// Creates a rollout from a template, in place of one that has ended or has not started.
#[server(prefix = "/admin/fn", endpoint = "plan/create", output = JsonResult)]
pub async fn create_rollout(
    environment: EnvironmentKey,
    template: String,
    key: String,
    #[server(default)] name: String,
    #[server(default)] flags: Vec<FlagKey>,
    #[server(default)] version: Option<i64>,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let new = service::NewRollout { template, key, name, flags };
    service::create_rollout(&service, &actor, environment, &new, version, &draw_seed()?).await?;
    let text = "Created the rollout. Edit its phases, then start it.";
    Ok(Done { next: Some("/admin/rollout/plan/edit".to_owned()), ..Done::new(text) })
}
