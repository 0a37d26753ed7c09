//! The plan as TOML: shown, edited, and imported after confirmation of the difference.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    plan::Revision,
    reports::RolloutSummary,
    rollout::{PlanRevision, RolloutEvent},
};
use phasegate_service::rollout::{export_plan, read_rollout_summary};

use crate::{
    components::{TextArea, Time},
    islands::ImportForm,
    models::Difference,
    parts::{JustDone, render_page},
    server_fns::plan::{ImportPlan, PreviewPlan},
};

const PATH: &str = "/admin/rollout/plan";

#[component]
pub(crate) fn PlanPage() -> impl IntoView {
    view! {
        <Title text="Plan"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let rollout = read_rollout_summary(service, actor, environment).await?;
            let entered = request.entered_form::<PreviewPlan>();
            let text = match (entered.get_exact("plan"), &rollout) {
                (typed, None) => typed,
                // Typed text is kept.
                (typed, _) if !typed.is_empty() => typed,
                _ => export_plan(service, actor, environment).await?.value,
            };
            let note = entered.get("note").to_owned();
            let difference = request.answer::<PreviewPlan, Difference>();
            let key = request.environment_key()?;
            let may = request.has_role(Role::Operator);
            let next = rollout.as_ref().and_then(|rollout| Revision::parse(&rollout.plan.revision));
            let next = next.map(|revision| revision.next_minor().to_string());
            Ok(view! {
                <header class="page-head"><h1>"Plan"</h1>
                    {may.then(|| view! { <a class="button" href="/admin/rollout/plan/edit">"Edit in a form"</a> })}</header>
                <p class="lead">
                    "A started plan is not changed in place: give it a higher revision"
                    {next.map(|next| format!(", such as {next}"))}
                    " and a note. On the command line: "
                    <code>"phasegate plan export"</code> ", " <code>"diff"</code> " and " <code>"import"</code> "."
                </p>
                <JustDone request=request.clone()/>
                <ImportForm preview=PreviewPlan::PATH.to_owned() import=ImportPlan::PATH.to_owned() class="stack"
                    environment=key difference back=PATH.to_owned()>
                    <label class="field"><span>"Plan (TOML)"</span>
                        <TextArea value=text.clone() rows=24 name="plan" code=true required=true readonly=!may/></label>
                    {may.then(|| view! {
                        <label class="field"><span>"Note (required once the rollout has started)"</span>
                            <input type="text" name="note" maxlength="500" value=note.clone()/></label>
                        <div><button class="button" type="submit">"Show the difference"</button></div>
                    })}
                </ImportForm>
                {rollout.map(|rollout| view! { <Revisions rollout/> })}
                <p><a href="/admin/rollout">"Back to the rollout"</a></p>
            }
            .into_any())
        })}
    }
}

/// The revisions in the history, newest first.
#[component]
fn Revisions(rollout: RolloutSummary) -> impl IntoView {
    let revised = rollout.history.iter().filter_map(|line| match &line.change {
        phasegate_domain::audit::Change::Rollout {
            what: RolloutEvent::Planned(planned), ..
        } => Some((planned.clone(), line.actor.0.clone(), line.at)),
        _ => None,
    });
    let lines: Vec<_> = revised
        .map(|(PlanRevision { to, note, .. }, by, at)| {
            view! {
                <li class="timeline-line">
                    <span class="timeline-what">{to}</span>
                    {(!note.is_empty()).then(|| view! { <q class="timeline-reason">{note}</q> })}
                    <span class="hint">{by} ", " <Time at/></span>
                </li>
            }
        })
        .collect();
    let key = rollout.plan.key.to_string();
    (!lines.is_empty()).then(|| {
        view! {
            <section aria-labelledby="revisions-title">
                <h2 id="revisions-title">"Revisions"</h2>
                <ol class="timeline" data-testid="revisions">{lines}</ol>
                <p class="hint"><a href=format!("/admin/audit?kind=rollout&key={key}")>"Show all differences in the audit log"</a></p>
            </section>
        }
    })
}
