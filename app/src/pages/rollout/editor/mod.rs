//! Edits the plan in a form. Its fields become TOML; the confirmation is that of the plan page.

mod view;

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use phasegate_domain::{plan::Revision, reports::RolloutSummary, rollout::RolloutStatus};
use phasegate_service::rollout::read_rollout_summary;

use self::view::render_plan_fields;
use super::no_plan::NoPlan;
use crate::{
    islands::ImportForm,
    models::{Difference, drafts::PlanDraft},
    parts::render_page,
    request::{PageError, Request},
    server_fns::plan::{ImportPlan, PreviewPlanDraft},
};

const PATH: &str = "/admin/rollout/plan/edit";

#[component]
pub(crate) fn PlanEditPage() -> impl IntoView {
    view! {
        <Title text="Edit the plan"/>
        {render_page(|request| async move {
            let rollout = read_rollout_summary(&request.service, &request.actor, request.environment).await?;
            match rollout {
                Some(rollout) => render_editor(&request, &rollout),
                None => Ok(view! { <NoPlan/> }.into_any()),
            }
        })}
    }
}

fn render_editor(request: &Request, rollout: &RolloutSummary) -> Result<AnyView, PageError> {
    // Typed text is kept.
    let draft = request.entered_draft::<PreviewPlanDraft, PlanDraft>().map(|(draft, _)| draft);
    let draft = draft.unwrap_or_else(|| PlanDraft::new(&rollout.plan, suggest_revision(rollout)));
    let note = request.entered_form::<PreviewPlanDraft>().get("note").to_owned();
    let difference = request.answer::<PreviewPlanDraft, Difference>();
    let key = request.environment_key()?;
    let (preview, import) = (PreviewPlanDraft::PATH.to_owned(), ImportPlan::PATH.to_owned());
    Ok(view! {
        <header class="page-head"><h1>"Edit the plan"</h1></header>
        <p class="lead">
            "A started plan is not changed in place: your edits become a new revision after you confirm the difference."
        </p>
        <ImportForm preview import class="stack plan-form" environment=key difference back=PATH.to_owned()>
            {render_plan_fields(draft.clone(), note.clone())}
        </ImportForm>
        <p><a href="/admin/rollout">"Back to the rollout"</a></p>
    }
    .into_any())
}

/// Returns the suggested revision: the current one of a draft, otherwise the next one.
fn suggest_revision(rollout: &RolloutSummary) -> String {
    let current = &rollout.plan.revision;
    match (&rollout.state.status, Revision::parse(current)) {
        (RolloutStatus::Draft, _) | (_, None) => current.clone(),
        (_, Some(revision)) => revision.next_minor().to_string(),
    }
}
