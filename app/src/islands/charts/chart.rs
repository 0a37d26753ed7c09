//! A chart with a crosshair, zoom, and its values as a table.

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    html,
    prelude::*,
};

use super::{
    pointer::ChartState,
    table::ChartTable,
    time_zone::{TimeZone, shared_time_zone},
};
use crate::{
    charts::{ChartSpec, EDGES, Shape, View, draw_chart},
    components::live,
};

/// A chart in the size of its place.
#[component]
pub(super) fn ChartView(spec: Signal<ChartSpec>) -> impl IntoView {
    let state = ChartState::new(spec);
    let zone = shared_time_zone();
    let frame = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    browser::follow_size(state, frame);
    let summary = move || {
        let zone = zone.get();
        spec.read().summarise(state.range(), &|at| zone.offset_at(at))
    };
    let at = move |event: &PointerEvent| {
        #[cfg(feature = "hydrate")]
        let fraction = browser::fraction_of(event, frame);
        #[cfg(not(feature = "hydrate"))]
        let fraction = {
            let _ = (event, frame);
            0.0
        };
        state.bucket_at(fraction)
    };
    let on_move = move |event: PointerEvent| {
        let bucket = at(&event);
        state.chosen.set(Some(bucket));
        if let Some((from, _)) = state.drag.get_untracked() {
            state.drag.set(Some((from, bucket)));
        }
    };
    let on_down = move |event: PointerEvent| {
        let bucket = at(&event);
        state.chosen.set(Some(bucket));
        // A finger scrolls the page instead.
        if event.pointer_type() == "mouse" {
            state.drag.set(Some((bucket, bucket)));
        }
    };
    let on_leave = move |_| {
        state.chosen.set(None);
        state.drag.set(None);
    };
    let on_key = move |event: KeyboardEvent| {
        if state.press(&event.key()) {
            event.prevent_default();
        }
    };
    view! {
        <div class="chart" role="img" tabindex="0" aria-label=summary node_ref=frame
            on:pointermove=on_move on:pointerdown=on_down on:pointerup=move |_| state.end_drag()
            on:pointerleave=on_leave on:keydown=on_key>
            {live(move || render_svg(state, zone.get()))}
            {live(move || render_cross(state))}
        </div>
        <p class="chart-readout hint" aria-live="polite">{move || describe_chosen(state, zone.get())}</p>
        <ChartTable state zone/>
    }
}

fn render_svg(state: ChartState, zone: TimeZone) -> AnyView {
    let view =
        View { size: state.size.get(), range: state.range(), offset: &|at| zone.offset_at(at) };
    let svg = draw_chart(&state.spec.read(), &view);
    view! { <div inner_html=svg></div> }.into_any()
}

/// The line at what is read, and the area of a drag.
fn render_cross(state: ChartState) -> AnyView {
    let (width, height) = state.size.get();
    let (_, _, top, bottom) = EDGES;
    let bottom = (f64::from(height) - bottom).to_string();
    let line = state.chosen.get().map(|bucket| {
        let x = state.place_of(bucket as f64 + 0.5).to_string();
        view! { <line class="cross" x1=x.clone() x2=x y1=top.to_string() y2=bottom.clone()/> }
    });
    let area = state.drag.get().filter(|(one, other)| one != other).map(|(one, other)| {
        let (from, end) = (one.min(other) as f64, one.max(other) as f64 + 1.0);
        let x = state.place_of(from);
        let width = (state.place_of(end) - x).to_string();
        view! { <rect class="cross-area" x=x.to_string() y=top.to_string() width=width height=bottom.clone()/> }
    });
    view! { <svg class="chart-cross" viewBox=format!("0 0 {width} {height}") aria-hidden="true">{area} {line}</svg> }
        .into_any()
}

/// The value and the annotations at what is read.
fn describe_chosen(state: ChartState, zone: TimeZone) -> String {
    let Some(bucket) = state.chosen.get() else {
        return match state.zoom.get() {
            Some(_) => "Zoomed in. Escape shows everything again.".to_owned(),
            None => String::new(),
        };
    };
    let spec = state.spec.read();
    let time = spec.write_time(bucket, &|at| zone.offset_at(at));
    let found = spec.points.iter().find(|point| point.minute == bucket);
    let value = match (found, spec.shape) {
        (Some(point), _) => spec.unit.write(point.value),
        (None, Shape::Bars) => spec.unit.write(0.0),
        (None, Shape::Line) => "no value".to_owned(),
    };
    let mut text = format!("{time} ({}): {value}", zone.title());
    let near = spec.marks.iter().filter(|mark| (mark.at.floor() as i64 - bucket).abs() <= 1);
    for mark in near {
        text.push_str(&format!(" · {} {}", mark.number, mark.text));
    }
    text
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{ev::PointerEvent, html, prelude::*};

    use crate::islands::charts::pointer::ChartState;

    /// Draws the chart in the size of its place, so that its text keeps its size.
    pub(super) fn follow_size(state: ChartState, frame: NodeRef<html::Div>) {
        let measure = move || {
            let Some(width) = frame.get_untracked().map(|frame| frame.client_width()) else {
                return;
            };
            let (known, height) = state.size.get_untracked();
            let width = u32::try_from(width).unwrap_or(known).max(160);
            if width != known {
                state.size.set((width, height));
            }
        };
        Effect::new(move |_| {
            if frame.get().is_some() {
                measure();
            }
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| measure());
        on_cleanup(move || resized.remove());
    }

    /// The horizontal place of the pointer as a fraction of the chart's width.
    pub(super) fn fraction_of(event: &PointerEvent, frame: NodeRef<html::Div>) -> f64 {
        let Some(frame) = frame.get_untracked() else { return 0.0 };
        let place = frame.get_bounding_client_rect();
        (f64::from(event.client_x()) - place.left()) / place.width().max(1.0)
    }
}
