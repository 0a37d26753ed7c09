//! The weekly review, for printing or as Markdown.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::reports::Review;
use phasegate_service::rollout::read_review;

use super::no_plan::NoPlan;
use crate::{
    components::Time,
    islands::{FeedbackPart, Kpis, render_gate_line},
    parts::render_page,
};

#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    view! {
        <Title text="Weekly review"/>
        {render_page(|request| async move {
            let review = read_review(&request.service, &request.actor, request.environment).await?;
            Ok(match review {
                Some(review) => view! { <ReviewSections review/> }.into_any(),
                None => view! { <NoPlan/> }.into_any(),
            })
        })}
    }
}

#[component]
fn ReviewSections(review: Review) -> impl IntoView {
    let decisions = review.due_decisions();
    let summary = review.summary();
    let Review { rollout, from, to, changes, feedback } = review;
    let decisions = match decisions.is_empty() {
        true => view! { <p class="hint">"No decisions due."</p> }.into_any(),
        false => {
            let lines = decisions.into_iter().map(|text| view! { <li>{text}</li> }).collect_view();
            view! { <ul class="criteria" data-testid="decisions">{lines}</ul> }.into_any()
        }
    };
    let nothing = changes.is_empty().then(|| view! { <p class="hint">"No changes."</p> });
    let changes = changes.into_iter().map(|annotation| {
        let by = annotation.by.map(|by| format!("{by}, ")).unwrap_or_default();
        view! {
            <li class="timeline-line"><span class="timeline-what">{annotation.kind.title()} ": " {annotation.text}</span>
                <span class="hint">{by} <Time at=annotation.at/></span></li>
        }
    });
    let incidents = rollout.state.record.incidents.iter().rev();
    let incidents = incidents.filter(|incident| incident.closed_at.is_none_or(|at| at >= from));
    let incidents = incidents.map(|incident| {
        let href = format!("/admin/rollout/incident?id={}", incident.id);
        view! { <li><a href=href>"Incident " {incident.id.to_string()} ": " {incident.kind.title()}</a> " " <q>{incident.reason.clone()}</q></li> }
    });
    let incidents = incidents.collect_view();
    let none = incidents.is_empty().then(|| view! { <p class="hint">"No incidents."</p> });
    let targets = rollout.plan.kpis.iter().map(|kpi| (kpi.name.clone(), kpi.target().to_string()));
    let targets = targets.collect::<Vec<_>>();
    let conditions = rollout.gate.conditions.iter().map(render_gate_line).collect_view();
    view! {
        <header class="page-head">
            <h1>"Weekly review: " {rollout.plan.name.clone()}</h1>
            <span class="hint">"Plan " {rollout.plan.revision.clone()} ", " <Time at=from/> " to " <Time at=to/></span>
            <a class="button button-small no-print" href="/admin/rollout/review.md" rel="external">"Download Markdown"</a>
        </header>
        <p class="lead">{summary}</p>
        <section class="card" aria-labelledby="due-title"><h2 id="due-title">"Decisions due"</h2>{decisions}</section>
        <section class="card" aria-labelledby="state-title"><h2 id="state-title">"Gate"</h2>
            <ul class="gate-lines">{conditions}</ul></section>
        <Kpis targets values=rollout.kpis.clone()/>
        <section class="card" aria-labelledby="changes-title"><h2 id="changes-title">"Changes"</h2>
            {nothing}<ol class="timeline">{changes.collect_view()}</ol></section>
        <section class="card" aria-labelledby="incidents-title"><h2 id="incidents-title">"Incidents"</h2>
            {none}<ul class="stack">{incidents}</ul></section>
        <section class="card"><FeedbackPart feedback title="Feedback"/></section>
        <p class="no-print"><a href="/admin/rollout">"Back to the rollout"</a></p>
    }
}
