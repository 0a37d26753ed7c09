//! The history of the rollout.

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    audit::{AuditEntry, Change},
    plan::Plan,
    reports::{Annotation, AnnotationKind, RolloutView},
    rollout::stakeholder_message,
};

use crate::{components::Time, islands::CopyButton, pages::sentences::describe_change_with_plan};

fn read_reason(change: &Change) -> Option<String> {
    let Change::Rollout { what, .. } = change else { return None };
    Some(what.reason().to_owned()).filter(|reason| !reason.is_empty())
}

/// Renders the stakeholder message about an event, ready to be copied.
pub(super) fn render_stakeholder_message(
    line: &AuditEntry,
    plan: &Plan,
) -> Option<impl IntoView + use<>> {
    let Change::Rollout { what, .. } = &line.change else { return None };
    let text = stakeholder_message(plan, what, &line.actor, line.at)?;
    Some(view! {
        <details class="to-send" data-testid="to-send">
            <summary>"Stakeholder message"</summary>
            <pre id="to-send-text">{text}</pre>
            <CopyButton of="to-send-text".to_owned()/>
        </details>
    })
}

/// A line of the timeline, with its time.
type Line = (Timestamp, AnyView);

fn render_audit_entry(line: &AuditEntry, plan: &Plan) -> Line {
    let reason =
        read_reason(&line.change).map(|text| view! { <q class="timeline-reason">{text}</q> });
    let view = view! {
        <li class="timeline-line">
            <span class="timeline-what">{describe_change_with_plan(&line.change, plan)}</span>
            {reason}
            <span class="hint">{line.actor.0.clone()} ", " <Time at=line.at/></span>
        </li>
    };
    (line.at, view.into_any())
}

/// Renders an annotation that may explain a shift in the numbers.
fn render_annotation(annotation: &Annotation) -> Line {
    let by = annotation.by.as_ref().map(|by| format!("{by}, ")).unwrap_or_default();
    let view = view! {
        <li class="timeline-line is-beside">
            <span class="timeline-what">{annotation.kind.title()} ": " {annotation.text.clone()}</span>
            <span class="hint">{by} <Time at=annotation.at/></span>
        </li>
    };
    (annotation.at, view.into_any())
}

/// The history, newest first, with the changes of flags and releases in between.
#[component]
pub(super) fn History(rollout: RolloutView) -> impl IntoView {
    let plan = &rollout.plan;
    let mut lines: Vec<Line> =
        rollout.history.iter().map(|line| render_audit_entry(line, plan)).collect();
    let others =
        rollout.annotations.iter().filter(|annotation| annotation.kind != AnnotationKind::Phase);
    lines.extend(others.map(render_annotation));
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let empty = lines.is_empty().then(|| {
        view! { <p class="hint">"No entries yet. The first entry will be the start of the rollout."</p> }
    });
    let lines: Vec<AnyView> = lines.into_iter().map(|(_, view)| view).collect();
    view! {
        <section aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            {empty}
            <ol class="timeline" data-testid="rollout-history">{lines}</ol>
        </section>
    }
}
