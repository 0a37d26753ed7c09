//! The rollout: its status, its next phase, and the commands that change it.

mod actions;
mod checklist;
mod editor;
mod emergency;
mod feedback;
mod form;
mod gate;
mod history;
mod incidents;
mod kpis;
mod minutes;
mod no_plan;
mod phases;
mod plan;
mod post_mortem;
mod record_entries;
mod review;
mod track;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    gates::ConditionKind, measurement::Verdict, reports::RolloutView, rollout::RolloutStatus,
    targeting::Throttle,
};
use phasegate_service::rollout::read_rollout_view;

use self::{
    actions::Actions, checklist::Checklists, form::handle_rollout_form, gate::GatePanel,
    history::History, incidents::OpenIncidents, kpis::Kpis, minutes::FirstMinutesPanel,
    no_plan::NoPlan, phases::Phases, track::Track,
};
pub(crate) use self::{
    editor::PlanEditPage, emergency::EmergencyPage, incidents::IncidentPage, plan::PlanPage,
    review::ReviewPage,
};
use crate::{
    components::Notice,
    format,
    pages::sentences::describe_change_with_plan,
    parts::{PageErrorNotice, render_page},
    request::Request,
};

#[component]
pub(crate) fn RolloutPage() -> impl IntoView {
    view! {
        <Title text="Rollout"/>
        {render_page(|request| async move {
            let refused = handle_rollout_form(&request).await.err();
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
            let rollout = read_rollout_view(&request.service, &request.actor, request.environment).await?;
            let rollout = match rollout {
                Some(rollout) => view! { <RolloutSections rollout request/> }.into_any(),
                None => view! { <NoPlan/> }.into_any(),
            };
            Ok(view! { {refusal} {rollout} }.into_any())
        })}
    }
}

#[component]
fn RolloutSections(rollout: RolloutView, request: Request) -> impl IntoView {
    let newest = rollout.history.first().filter(|_| request.query.has("done"));
    let done = newest.map(|line| {
        let text = describe_change_with_plan(&line.change, &rollout.plan);
        view! { <Notice>{text}</Notice> {history::render_stakeholder_message(line, &rollout.plan)} }
    });
    let pinned = request.cached_environment().ok().and_then(|live| {
        let names: Vec<String> = live.snapshot().rollout_variables().names().map(str::to_owned).collect();
        (!names.is_empty()).then(|| view! {
            <p class="notice notice-warning">
                "Environment variables pin what is served and override this page: " <code>{names.join(", ")}</code>
                ". To let the rollout decide again, restart the server without \
                 them."
            </p>
        })
    });
    let asked = Some(request.query.get("confirm").to_owned()).filter(|asked| !asked.is_empty());
    view! {
        {done}
        {pinned}
        <Head rollout=rollout.clone()/>
        {render_alert_notice(&rollout)}
        <Track rollout=rollout.clone()/>
        <OpenIncidents rollout=rollout.clone()/>
        <Actions rollout=rollout.clone() asked/>
        <FirstMinutesPanel rollout=rollout.clone()/>
        <GatePanel rollout=rollout.clone()/>
        <Kpis rollout=rollout.clone()/>
        <Checklists rollout=rollout.clone()/>
        <Phases rollout=rollout.clone()/>
        <History rollout/>
    }
}

/// Shows firing alerts at the top of the page, also after the last phase.
fn render_alert_notice(rollout: &RolloutView) -> Option<impl IntoView + use<>> {
    let conditions = &rollout.gate.conditions;
    let firing = conditions
        .iter()
        .find(|c| c.kind == ConditionKind::Alerts && c.verdict == Verdict::Fail)?;
    let text = firing.detail.clone();
    Some(view! {
        <p class="notice notice-error" role="alert" data-testid="alerts">
            <strong>"Alert: "</strong> {text} ". "
            <a href="/admin/rollout/emergency">"Roll back …"</a>
        </p>
    })
}

#[component]
fn Head(rollout: RolloutView) -> impl IntoView {
    let state = *rollout.status();
    let RolloutView { plan, at, .. } = rollout;
    let last = plan.last_phase();
    let (status, class) = match (state, state.progress()) {
        (RolloutStatus::Running(_) | RolloutStatus::Paused(_), Some(progress)) => {
            let length = at - progress.phase_since;
            let since = match length.num_minutes() {
                0 => "just begun".to_owned(),
                _ => format!("for {}", format::format_duration(length)),
            };
            let shares = match progress.throttle {
                Throttle::NONE => String::new(),
                throttle => format!(" · {throttle} of the shares"),
            };
            let (paused, class) = match state {
                RolloutStatus::Paused(_) => (" · paused", "pill pill-warning"),
                _ => ("", "pill pill-live"),
            };
            (format!("Phase {} of {last} · {since}{shares}{paused}", progress.phase), class)
        }
        (RolloutStatus::Draft, _) => ("Not started".to_owned(), "pill"),
        (RolloutStatus::Completed(_), _) => ("Completed".to_owned(), "pill pill-live"),
        _ => ("Aborted".to_owned(), "pill"),
    };
    view! {
        <header class="page-head">
            <h1>{plan.name}</h1>
            <span class=class data-testid="rollout-status">{status}</span>
            <a class="hint" href="/admin/rollout/plan">"Plan " {plan.revision}</a>
            <a class="hint" href="/admin/rollout/review">"Weekly review"</a>
        </header>
        <p class="lead">{plan.description}</p>
    }
}
