//! The dashboard: the last hour, live.

mod panels;
mod tables;

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    reports::{CurrentPhase, Dashboard, VitalPanel},
};

use self::{
    panels::ErrorCard,
    tables::{Errors, Features, FeedbackList, Timings},
};
use super::live::{Connection, subscribe_to_updates};
use crate::{charts::ChartRange, components::VitalCard, format};

/// The dashboard, first as rendered by the server, then updated by server-sent events.
#[island(lazy)]
pub(crate) fn LiveDashboard(first: Dashboard) -> impl IntoView {
    let (newer, connection) = subscribe_to_updates("/admin/live/dashboard");
    let dashboard = Memo::new(move |_| newer.get().unwrap_or_else(|| first.clone()));
    view! { <DashboardPanels dashboard connection/> }
}

#[component]
fn DashboardPanels(dashboard: Memo<Dashboard>, connection: Signal<Connection>) -> impl IntoView {
    let dropped = Memo::new(move |_| dashboard.read().dropped);
    view! {
        <header class="page-head">
            <h1>"Dashboard"</h1>
            {move || render_phase_link(dashboard.read().phase.clone())}
            <span class=move || connection.get().class() role="status">
                {move || connection.get().title()}
            </span>
        </header>
        <p class="lead">
            "Telemetry of the last 60 minutes, as of "
            {move || format::format_time(dashboard.read().at)} " UTC."
        </p>
        {move || render_dropped_notice(dropped.get())}
        <section aria-labelledby="vitals-title">
            <h2 id="vitals-title">"Web vitals, 75th percentile"</h2>
            <div class="cards">
                {move || {
                    let Dashboard { vitals, at, .. } = dashboard.get();
                    vitals.into_iter().map(|panel| render_vital(panel, at)).collect_view()
                }}
            </div>
        </section>
        <section aria-labelledby="errors-title">
            <h2 id="errors-title">"Errors"</h2>
            <div class="split">
                {move || {
                    let Dashboard { errors, at, .. } = dashboard.get();
                    view! { <ErrorCard panel=errors.clone() at/> <Errors recent=errors.recent/> }
                }}
            </div>
        </section>
        <div class="split">
            {move || {
                let Dashboard { features, timings, .. } = dashboard.get();
                view! { <Features features/> <Timings timings/> }
            }}
        </div>
        {move || view! { <FeedbackList feedback=dashboard.get().feedback/> }}
    }
}

fn render_vital(panel: VitalPanel, at: Timestamp) -> impl IntoView {
    let VitalPanel { vital, p75, samples, good, poor, points } = panel;
    let limit = vital.thresholds().0 as f64;
    let beside = Some(format!("good ≤ {}", vital.format_value(limit)));
    let window = ChartRange::last_hour(at);
    view! { <VitalCard vital p75 samples good poor points window beside/> }
}

/// A notice about events that the numbers leave out, if any.
fn render_dropped_notice(events: u64) -> Option<impl IntoView> {
    let events =
        (events > 0).then(|| format::format_quantity(events, "event was", "events were"))?;
    Some(view! {
        <p class="notice" role="status">
            {events} " not stored: pages dropped them over a limit, or the server rejected them. Settings \
            lists the rejections."
        </p>
    })
}

fn render_phase_link(phase: Option<CurrentPhase>) -> impl IntoView {
    match phase {
        Some(phase) => view! {
            <a class="pill pill-live" href="/admin/rollout">
                {format!("Phase {}: {}", phase.number, phase.name)}
            </a>
        }
        .into_any(),
        None => {
            view! { <a class="pill" href="/admin/rollout">"Rollout not started"</a> }.into_any()
        }
    }
}
