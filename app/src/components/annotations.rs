//! The numbered list of annotations, and their lines in charts.

use leptos::prelude::*;
use phasegate_domain::{reports::Annotation, time::Resolution};

use super::Time;
use crate::charts::Mark;

/// Returns the marks of annotations in a chart, numbered as in the list.
pub(crate) fn annotation_marks(annotations: &[Annotation], resolution: Resolution) -> Vec<Mark> {
    let mark = |(annotation, number): (&Annotation, usize)| Mark {
        at: annotation.at.timestamp() as f64 / resolution.seconds() as f64,
        number,
        text: format!("{}: {}", annotation.kind.title(), annotation.text),
    };
    annotations.iter().zip(1..).map(mark).collect()
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
