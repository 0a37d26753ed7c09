//! What changed while numbers were what they were: numbered lines, as charts have them.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, reports::Annotation};

use super::Time;
use crate::charts::{Line, Window};

/// Where a chart draws its lines, each with the number that it has in the list.
pub(crate) fn lines(marks: &[Annotation], window: Window) -> Vec<Line> {
    let place = |at: Timestamp| {
        at.timestamp() as f64 / window.resolution.seconds() as f64 - window.end as f64
    };
    marks.iter().zip(1..).map(|(mark, number)| Line { place: place(mark.at), number }).collect()
}

/// The list; nothing where nothing changed.
#[component]
pub(crate) fn Marks(marks: Vec<Annotation>) -> impl IntoView {
    (!marks.is_empty()).then(|| {
        let lines = marks.into_iter().zip(1..).map(|(mark, number)| {
            let by = mark.by.map(|by| format!(" · {by}"));
            view! {
                <li>
                    <span class="mark-number">{number.to_string()}</span>
                    <Time at=mark.at/>
                    <span><span class="hint">{mark.kind.title()}" "</span>{mark.text}<span class="hint">{by}</span></span>
                </li>
            }
        });
        view! {
            <section class="card" aria-labelledby="marks-title">
                <header class="card-head"><h2 id="marks-title">"What changed in this time"</h2>
                    <span class="hint">"the numbered lines in the charts"</span></header>
                <ol class="marks" data-testid="marks">{lines.collect_view()}</ol>
            </section>
        }
    })
}
