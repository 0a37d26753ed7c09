//! A new rollout, from a template.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{accounts::Role, rollout::RolloutStatus};
use phasegate_service::rollout::{PLAN_TEMPLATES, PlanTemplate, read_rollout_summary};

use crate::{
    parts::{FnForm, JustDone, render_page},
    request::{PageError, Request},
    server_fns::plan::CreateRollout,
};

/// The maximum number of flags to choose from; others are added in the plan.
const MAX_FLAGS: usize = 500;

#[component]
pub(crate) fn NewRolloutPage() -> impl IntoView {
    view! {
        <Title text="New rollout"/>
        {render_page(|request| async move { render_form(&request).await })}
    }
}

async fn render_form(request: &Request) -> Result<AnyView, PageError> {
    let (service, actor) = (&request.service, &request.actor);
    let present = read_rollout_summary(service, actor, request.environment).await?;
    let version = present.as_ref().map(|rollout| rollout.version.to_string());
    let replaces = present.as_ref().map(|rollout| {
        let name = &rollout.plan.name;
        match rollout.state.status {
            RolloutStatus::Draft => (false, format!("It replaces {name}, which has not started.")),
            RolloutStatus::Completed(_) | RolloutStatus::Aborted => {
                (false, format!("It follows {name}, which has ended; the audit log keeps it."))
            }
            _ => (true, format!("{name} is running. Complete or abort it first.")),
        }
    });
    let is_blocked = replaces.as_ref().is_some_and(|(is_blocked, _)| *is_blocked);
    let entered = request.entered_form::<CreateRollout>();
    let chosen = match entered.get("template") {
        "" => "canary".to_owned(),
        name => name.to_owned(),
    };
    let templates =
        PLAN_TEMPLATES.map(|template| render_template(template, &chosen)).collect_view();
    let live = request.cached_environment()?;
    let flags = live.snapshot().flags().take(MAX_FLAGS).map(|entry| {
        view! { <option value=entry.flag.key.to_string()>{entry.flag.key.to_string()}</option> }
    });
    let flags = flags.collect_view();
    let may = request.has_role(Role::Operator) && !is_blocked;
    Ok(view! {
        <header class="page-head"><h1>"New rollout"</h1></header>
        <p class="lead">"Begin from a template, and edit its phases, criteria and contacts afterwards. Nothing is served before the start."</p>
        <JustDone request=request.clone()/>
        {replaces.map(|(is_blocked, text)| {
            let class = if is_blocked { "notice notice-warning" } else { "hint" };
            view! { <p class=class>{text}</p> }
        })}
        <FnForm<CreateRollout> class="stack">
            {version.map(|version| view! { <input type="hidden" name="version" value=version/> })}
            <fieldset><legend>"Template"</legend><div class="phases">{templates}</div></fieldset>
            <div class="filters">
                <label class="field"><span>"Key"</span>
                    <input type="text" name="key" required maxlength="100" autocomplete="off" placeholder="new-checkout" value=entered.get("key").to_owned()/></label>
                <label class="field"><span>"Name"</span>
                    <input type="text" name="name" maxlength="200" autocomplete="off" placeholder="New checkout" value=entered.get("name").to_owned()/></label>
            </div>
            <label class="field narrow"><span>"Flags of the first phase (none: those of the template)"</span>
                <select name="flags[]" multiple size="6">{flags}</select></label>
            <div><button class="button button-primary" type="submit" disabled=!may>"Create the rollout"</button></div>
        </FnForm<CreateRollout>>
        <p class="hint">"You have a plan as TOML? "<a href="/admin/rollout/plan">"Import it"</a>"."</p>
    }
    .into_any())
}

fn render_template(template: PlanTemplate, chosen: &str) -> impl IntoView + use<> {
    let PlanTemplate { name, description, .. } = template;
    let title = match name {
        "exercise-library" => "Guide",
        "canary" => "Canary",
        "ring" => "Rings",
        _ => "Empty",
    };
    view! {
        <label class="card template">
            <input type="radio" name="template" value=name checked=chosen == name/>
            <strong>{title}</strong>
            <span class="hint">{description}</span>
        </label>
    }
}
