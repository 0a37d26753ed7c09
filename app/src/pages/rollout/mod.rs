//! The pages of the rollout. The rollout itself is an island; the others are forms.

mod editor;
mod emergency;
mod incidents;
mod new;
mod no_plan;
mod plan;
mod review;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::rollout::read_rollout_view;

use self::no_plan::NoPlan;
pub(crate) use self::{
    editor::PlanEditPage, emergency::EmergencyPage, incidents::IncidentPage, new::NewRolloutPage,
    plan::PlanPage, review::ReviewPage,
};
use crate::{
    islands::LiveRollout,
    models::build_rollout_page,
    parts::render_page,
    request::{PageError, Request},
};

#[component]
pub(crate) fn RolloutPage() -> impl IntoView {
    view! {
        <Title text="Rollout"/>
        {render_page(|request| async move {
            render_rollout(&request).await
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
    let tab = request.query.get("tab").to_owned();
    let done = request.take_done();
    let first = build_rollout_page(&view);
    Ok(view! { <LiveRollout first environment asked tab done pinned/> }.into_any())
}
