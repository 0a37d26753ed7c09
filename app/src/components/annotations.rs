//! What changed while numbers were what they were: numbered lines, as charts have them.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, reports::Annotation};

use super::Time;
use crate::charts::{Line, Window};

/// Where a chart draws its lines, each with the number that it has in the list.
pub(crate) fn lines(annotations: &[Annotation], window: Window) -> Vec<Line> {
    let place = |at: Timestamp| {
        at.timestamp() as f64 / window.resolution.seconds() as f64 - window.end as f64
    };
    annotations
        .iter()
        .zip(1..)
        .map(|(annotation, number)| Line { place: place(annotation.at), number })
        .collect()
}

/// The list; nothing where nothing changed.
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
                <header class="card-head"><h2 id="annotations-title">"What changed in this time"</h2>
                    <span class="hint">"the numbered lines in the charts"</span></header>
                <ol class="annotations" data-testid="annotations">{lines.collect_view()}</ol>
            </section>
        }
    })
}
