//! The alerts: their rules, and which of them fire.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    alerts::{Alert, AlertKind},
    reports::RolloutSummary,
};
use phasegate_service::rollout::{read_attention, read_rollout_summary};

use crate::{
    components::Time,
    parts::{FnForm, JustDone, render_page},
    request::Request,
    server_fns::rollout::AcknowledgeAlert,
};

#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    view! {
        <Title text="Alerts"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let attention = read_attention(service, actor, environment).await?;
            let rollout = read_rollout_summary(service, actor, environment).await?;
            let lead = match (&rollout, attention.alerts.len()) {
                (None, _) => "Alerts watch the users of a rollout; this environment has none.".to_owned(),
                (Some(rollout), 0) if rollout.state.status.serving_phase().is_none() =>
                    "Alerts watch the users of a running rollout. It has not started, so none can fire.".to_owned(),
                (Some(_), 0) => "No alert fires.".to_owned(),
                (Some(_), 1) => "One alert fires. It closes every gate until it ends or is acknowledged.".to_owned(),
                (Some(_), count) => format!("{count} alerts fire. They close every gate until they end or are acknowledged."),
            };
            let cards = AlertKind::ALL.map(|kind| {
                let firing = attention.alerts.iter().find(|alert| alert.kind == kind).cloned();
                view! { <Card kind firing rollout=rollout.clone() request=request.clone()/> }
            });
            Ok(view! {
                <header class="page-head"><h1>"Alerts"</h1></header>
                <p class="lead" data-testid="alerts-lead">{lead}</p>
                <JustDone request=request.clone()/>
                <div class="phases">{cards.into_iter().collect_view()}</div>
            }
            .into_any())
        })}
    }
}

/// What makes an alert fire.
fn describe_rule(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Security => {
            "A critical error with the feature \"security\" since the start, or since it was last acknowledged."
        }
        AlertKind::ErrorRate => {
            "More than 5 % of the sessions of yesterday and today have an error, in 100 sessions or more, or in fewer if the confidence interval lies above it."
        }
        AlertKind::Performance => {
            "The performance score of yesterday and today is more than 30 % below the one before the rollout, with 100 sessions each."
        }
        AlertKind::Adoption => {
            "Fewer than 20 % of the users who are given a feature have used it, 48 hours after the start."
        }
    }
}

/// Where an alert can be looked into.
fn evidence_page(kind: AlertKind) -> (&'static str, &'static str) {
    match kind {
        AlertKind::Security | AlertKind::ErrorRate => {
            ("/admin/dashboard", "Errors on the dashboard")
        }
        AlertKind::Performance => ("/admin/performance", "Performance"),
        AlertKind::Adoption => ("/admin/analytics", "Analytics"),
    }
}

#[component]
fn Card(
    kind: AlertKind,
    firing: Option<Alert>,
    rollout: Option<RolloutSummary>,
    request: Request,
) -> impl IntoView {
    let (href, place) = evidence_page(kind);
    let seen = rollout
        .as_ref()
        .and_then(|rollout| rollout.state.record.find_acknowledgement(kind, rollout.at).cloned());
    let (status, class) = match (&firing, &seen) {
        (Some(_), _) => ("fires", "pill pill-danger"),
        (None, Some(_)) => ("acknowledged", "pill pill-warning"),
        (None, None) => ("quiet", "pill"),
    };
    let detail =
        firing.as_ref().map(|alert| view! { <p><strong>{alert.detail.clone()}</strong></p> });
    let seen = seen.map(|seen| {
        view! {
            <p class="hint">"Acknowledged by " {seen.by.0.clone()} ", " <Time at=seen.at/> "."</p>
        }
    });
    let may_act = firing.is_some() && request.has_role(Role::Operator);
    let acknowledge = may_act.then(|| view! {
        <FnForm<AcknowledgeAlert> class="stack">
            <input type="hidden" name="alert" value=kind.as_str()/>
            <label class="field"><span>"What was found out"</span>
                <input type="text" name="comment" required maxlength="500" autocomplete="off"/></label>
            <div><button class="button" type="submit">"Acknowledge for 48 hours"</button></div>
            <p class="hint">"The gate no longer waits for it. The audit log says who did it, and why."</p>
        </FnForm<AcknowledgeAlert>>
    });
    let title = format!("alert-{}", kind.as_str());
    let labelled = title.clone();
    view! {
        <article class="card phase" aria-labelledby=labelled>
            <div class="card-head"><h2 id=title>{kind.title()}</h2> <span class=class>{status}</span></div>
            {detail}
            <p>{describe_rule(kind)}</p>
            {seen}
            {acknowledge}
            <p><a href=href>{place}</a></p>
        </article>
    }
}
