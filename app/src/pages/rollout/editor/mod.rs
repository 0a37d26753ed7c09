//! Edits the plan in a form. Its fields become TOML; the confirmation is that of the plan page.

mod draft;
mod view;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{plan::Revision, reports::RolloutSummary, rollout::RolloutStatus};
use phasegate_service::rollout::{plan_text, read_rollout_summary};

use self::{draft::PlanDraft, view::PlanForm};
use super::{no_plan::NoPlan, plan};
use crate::{
    parts::{PageErrorNotice, render_page},
    request::Request,
};

const PATH: &str = "/admin/rollout/plan/edit";

#[component]
pub(crate) fn PlanEditPage() -> impl IntoView {
    view! {
        <Title text="Edit the plan"/>
        {render_page(|request| async move {
            let rollout = read_rollout_summary(&request.service, &request.actor, request.environment).await?;
            Ok(match rollout {
                Some(rollout) => {
                    let shown = render_confirmation(&request, &rollout).await;
                    view! { <EditorSections shown rollout request/> }.into_any()
                }
                None => view! { <NoPlan/> }.into_any(),
            })
        })}
    }
}

/// Returns the confirmation of the typed plan, or its error.
async fn render_confirmation(request: &Request, rollout: &RolloutSummary) -> AnyView {
    let Some(form) = &request.form else { return ().into_any() };
    let typed = PlanDraft::read_form(form).parse_typed_plan(&rollout.plan);
    let asked = match typed {
        Ok(typed) => match plan_text(&request.service, request.environment, &typed) {
            Ok(text) => {
                plan::render_import_confirmation(request, text, form.get("note").to_owned()).await
            }
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error),
    };
    asked.unwrap_or_else(|error| {
        request.set_error_status(&error);
        view! { <PageErrorNotice error/> }.into_any()
    })
}

#[component]
fn EditorSections(shown: AnyView, rollout: RolloutSummary, request: Request) -> impl IntoView {
    let draft = match &request.form {
        // Typed text is kept.
        Some(form) => PlanDraft::read_form(form),
        None => PlanDraft::new(&rollout.plan, suggest_revision(&rollout)),
    };
    let note = request.form.as_ref().map(|form| form.get("note").to_owned());
    view! {
        <header class="page-head"><h1>"Edit the plan"</h1></header>
        <p class="lead">
            "A started plan is not changed in place: your edits become a new revision after you confirm the difference."
        </p>
        {shown}
        <PlanForm draft note=note.unwrap_or_default() path=PATH/>
        <p><a href="/admin/rollout">"Back to the rollout"</a></p>
    }
}

/// Returns the suggested revision: the current one of a draft, otherwise the next one.
fn suggest_revision(rollout: &RolloutSummary) -> String {
    let current = &rollout.plan.revision;
    match (&rollout.state.status, Revision::parse(current)) {
        (RolloutStatus::Draft, _) | (_, None) => current.clone(),
        (_, Some(revision)) => revision.next_minor().to_string(),
    }
}
