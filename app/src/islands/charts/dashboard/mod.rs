//! The dashboard: the last hour, live.

mod panels;
mod tables;

use leptos::prelude::*;
use phasegate_domain::{
    reports::{CurrentPhase, Dashboard},
    time::Resolution,
    vitals::Vital,
};

use self::{
    panels::ErrorCard,
    tables::{Errors, Features, FeedbackList, Timings},
};
use super::chart::ChartView;
use crate::{
    charts::{ChartSpec, Shape, Unit},
    components::{VitalCard, VitalNumbers, live, live_text, vital_limits},
    format,
    islands::live::subscribe_to_updates,
};

/// The dashboard, first as rendered by the server, then updated by server-sent events.
#[component]
pub(super) fn DashboardPanels(first: Dashboard) -> impl IntoView {
    let (newer, connection) = subscribe_to_updates("/admin/live/dashboard");
    let dashboard = Memo::new(move |_| newer.get().unwrap_or_else(|| first.clone()));
    let dropped = Memo::new(move |_| dashboard.read().dropped);
    let vitals: Vec<AnyView> = dashboard
        .read_untracked()
        .vitals
        .iter()
        .map(|panel| render_vital(dashboard, panel.vital))
        .collect();
    view! {
        <header class="page-head">
            <h1>"Dashboard"</h1>
            {live(move || render_phase_link(dashboard.read().phase.clone()).into_any())}
            <span class=move || connection.get().class() role="status">
                {live_text(move || connection.get().title().to_owned())}
            </span>
            <a class="hint no-wall" href="/admin/dashboard?wall">"For a screen on the wall"</a>
        </header>
        <p class="lead">
            "Telemetry of the last 60 minutes, as of "
            {live_text(move || format::format_time(dashboard.read().at))} " UTC."
        </p>
        {live(move || render_dropped_notice(dropped.get()).into_any())}
        <section aria-labelledby="vitals-title">
            <h2 id="vitals-title">"Web vitals, 75th percentile"</h2>
            <div class="cards">{vitals}</div>
        </section>
        <section aria-labelledby="errors-title">
            <h2 id="errors-title">"Errors"</h2>
            <div class="split">
                <ErrorCard dashboard/>
                {live(move || view! { <Errors recent=dashboard.get().errors.recent/> }.into_any())}
            </div>
        </section>
        <div class="split">
            {live(move || {
                let Dashboard { features, timings, .. } = dashboard.get();
                view! { <Features features/> <Timings timings/> }.into_any()
            })}
        </div>
        {live(move || view! { <FeedbackList feedback=dashboard.get().feedback/> }.into_any())}
    }
}

/// A card that stays when the numbers change, with what is read in its chart.
fn render_vital(dashboard: Memo<Dashboard>, vital: Vital) -> AnyView {
    let panel = Memo::new(move |_| {
        let dashboard = dashboard.read();
        dashboard
            .vitals
            .iter()
            .find(|panel| panel.vital == vital)
            .map(|panel| (panel.clone(), dashboard.at))
    });
    let numbers = Signal::derive(move || {
        let panel = panel.read();
        let limit = vital.thresholds().0 as f64;
        let numbers = panel.as_ref().map(|(panel, _)| VitalNumbers {
            p75: panel.p75,
            samples: panel.samples,
            good: panel.good,
            poor: panel.poor,
            beside: Some(format!("good ≤ {}", vital.format_value(limit))),
        });
        numbers.unwrap_or(VitalNumbers { p75: None, samples: 0, good: 0, poor: 0, beside: None })
    });
    let spec = Signal::derive(move || {
        let panel = panel.get();
        let (points, range) = panel.map_or_else(
            || (Vec::new(), (0, 1)),
            |(panel, at)| (panel.points, ChartSpec::last_hour(at)),
        );
        ChartSpec {
            label: format!("{}, 75th percentile", vital.as_str()),
            unit: Unit::Vital(vital),
            shape: Shape::Line,
            limits: Some(vital_limits(vital)),
            resolution: Resolution::Minute,
            range,
            points,
            marks: Vec::new(),
            size: (280, 112),
        }
    });
    let chart = view! { <ChartView spec/> }.into_any();
    view! { <VitalCard vital numbers chart/> }.into_any()
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
