//! The numbered list of annotations, and their lines in charts.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, reports::Annotation};

use super::Time;
use crate::charts::{ChartRange, Line};

/// Returns the chart lines of annotations, numbered as in the list.
pub(crate) fn annotation_lines(annotations: &[Annotation], window: ChartRange) -> Vec<Line> {
    let place = |at: Timestamp| {
        at.timestamp() as f64 / window.resolution.seconds() as f64 - window.end as f64
    };
    annotations
        .iter()
        .zip(1..)
        .map(|(annotation, number)| Line { place: place(annotation.at), number })
        .collect()
}

/// The list of annotations; renders nothing if it is empty.
#[component]
pub(crate) fn Annotations(annotations: Vec<Annotation>) -> impl IntoView {
    (!annotations.is_empty()).then(|| {
        let lines = annotations.into_iter().zip(1..).map(|(annotation, number)| {
            let by = annotation.by.map(|by| format!(" · {by}"));
            view! {
                <li>
                    <span class="annotation-number">{number.to_string()}</span>
                    <Time at=annotation.at/>
                    <span><span class="hint">{annotation.kind.title()}" "</span>{annotation.text}<span class="hint">{by}</span></span>
                </li>
            }
        });
        view! {
            <section class="card" aria-labelledby="annotations-title">
                <header class="card-head"><h2 id="annotations-title">"Changes in this period"</h2>
                    <span class="hint">"numbered lines in the charts"</span></header>
                <ol class="annotations" data-testid="annotations">{lines.collect_view()}</ol>
            </section>
        }
    })
}
