//! The pages of the rollout. The rollout itself is an island; the others are forms.

mod editor;
mod emergency;
mod form;
mod incidents;
mod no_plan;
mod plan;
mod review;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::rollout::read_rollout_view;

use self::no_plan::NoPlan;
pub(crate) use self::{
    editor::PlanEditPage, emergency::EmergencyPage, incidents::IncidentPage, plan::PlanPage,
    review::ReviewPage,
};
use crate::{
    islands::LiveRollout,
    models::build_rollout_page,
    parts::{PageErrorNotice, render_page},
    request::{PageError, Request},
    server_fns::describe_entry,
};

#[component]
pub(crate) fn RolloutPage() -> impl IntoView {
    view! {
        <Title text="Rollout"/>
        {render_page(|request| async move {
            let refused = match form::handle_rollout_form(&request).await {
                // The browser is redirected, so nothing needs to be measured.
                Ok(true) => return Ok(().into_any()),
                Ok(false) => None,
                Err(error) => {
                    request.set_error_status(&error);
                    Some(error)
                }
            };
            let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
            let rollout = render_rollout(&request).await?;
            Ok(view! { {refusal} {rollout} }.into_any())
        })}
    }
}

async fn render_rollout(request: &Request) -> Result<AnyView, PageError> {
    let (service, actor) = (&request.service, &request.actor);
    let Some(view) = read_rollout_view(service, actor, request.environment).await? else {
        return Ok(view! { <NoPlan/> }.into_any());
    };
    let live = request.cached_environment()?;
    let environment = live.environment().key.clone();
    let pinned = live.snapshot().rollout_variables().names().map(str::to_owned).collect();
    let asked = Some(request.query.get("confirm").to_owned()).filter(|asked| !asked.is_empty());
    let newest = view.history.first().filter(|_| request.query.has("done"));
    let done = newest.map(|entry| describe_entry(entry, &view.plan));
    let first = build_rollout_page(&view);
    Ok(view! { <LiveRollout first environment asked done pinned/> }.into_any())
}
