//! The gate: whether the phase can be left, and which conditions are open.

use leptos::prelude::*;
use phasegate_domain::measurement::Verdict;

use super::{
    feedback::FeedbackPart,
    page::Page,
    sign_off::{Acknowledge, SignOff},
    votes::Votes,
};
use crate::{
    components::{Trend, live},
    models::GateLine,
};

/// The class of a line with a verdict.
pub(super) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "gate-line is-pass",
        Verdict::Fail => "gate-line is-fail",
        Verdict::Inconclusive => "gate-line is-open",
        Verdict::AwaitingSignOff => "gate-line is-asked",
    }
}

fn verdict_label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Passes",
        Verdict::Fail => "Fails",
        Verdict::Inconclusive => "Inconclusive",
        Verdict::AwaitingSignOff => "Pending sign-off",
    }
}

/// Whether the phase can be left, in one sentence; nothing while there is no gate.
#[component]
pub(super) fn GateAnswer() -> impl IntoView {
    let page = Page::from_context();
    let answer = page.part(|page| {
        let gate = page.gate.as_ref();
        gate.map(|gate| (gate.question.clone(), gate.answer.clone(), gate.is_passed))
    });
    live(move || {
        let Some((question, answer, is_passed)) = answer.get() else { return ().into_any() };
        let class = if is_passed { "gate-head is-passed" } else { "gate-head" };
        view! {
            <section class=class aria-labelledby="gate-question">
                <h2 id="gate-question">{question}</h2>
                <p class="gate-answer" data-testid="gate-answer">{answer}</p>
            </section>
        }
        .into_any()
    })
}

/// The conditions of the gate, then feedback and votes; nothing while there is no gate.
#[component]
pub(super) fn GatePanel() -> impl IntoView {
    let page = Page::from_context();
    let question = page.part(|page| page.gate.as_ref().map(|gate| gate.question.clone()));
    live(move || match question.get() {
        Some(_) => view! { <OpenGate/> }.into_any(),
        None => ().into_any(),
    })
}

#[component]
fn OpenGate() -> impl IntoView {
    let page = Page::from_context();
    let is_passed = page.part(|page| page.gate.as_ref().is_some_and(|gate| gate.is_passed));
    let titles = page.part(|page| {
        let lines = page.gate.iter().flat_map(|gate| &gate.lines);
        lines.map(|line| line.title.clone()).collect::<Vec<String>>()
    });
    let feedback =
        page.part(|page| page.gate.as_ref().map(|gate| gate.feedback.clone()).unwrap_or_default());
    let class =
        Signal::derive(
            move || {
                if is_passed.get() { "card gate is-passed" } else { "card gate is-closed" }
            },
        );
    view! {
        <section class=class aria-labelledby="gate-title" data-testid="gate">
            <h2 id="gate-title">"Conditions for leaving the phase"</h2>
            <ul class="gate-lines">
                {live(move || {
                    let lines = titles.get().into_iter().map(|title| view! { <Line title/> }.into_any());
                    lines.collect::<Vec<AnyView>>().into_any()
                })}
            </ul>
            {live(move || view! { <FeedbackPart feedback=feedback.get() title="Feedback in this phase"/> }.into_any())}
            <Votes/>
        </section>
    }
}

/// A condition with its forms, which stay as they are when the measurement changes.
#[component]
fn Line(title: String) -> impl IntoView {
    let page = Page::from_context();
    let of = title.clone();
    let line = page.part(move |page| {
        let mut lines = page.gate.iter().flat_map(|gate| &gate.lines);
        lines.find(|line| line.title == of).cloned()
    });
    let class =
        Signal::derive(move || line.read().as_ref().map_or("", |l| verdict_class(l.verdict)));
    let is_pending = Signal::derive(move || {
        line.read().as_ref().is_some_and(|line| line.verdict == Verdict::AwaitingSignOff)
    });
    let sign_off = line
        .read_untracked()
        .as_ref()
        .is_some_and(|line| line.can_sign_off)
        .then(|| view! { <SignOff statement=title is_pending/> });
    let alerts = Memo::new(move |_| {
        line.read().as_ref().map(|line| line.alerts.clone()).unwrap_or_default()
    });
    view! {
        <li class=class>
            {live(move || line.get().map(render_condition).unwrap_or_else(|| ().into_any()))}
            {sign_off}
            {live(move || {
                let alerts = alerts.get();
                if alerts.is_empty() { return ().into_any(); }
                view! { <Acknowledge alerts/> }.into_any()
            })}
        </li>
    }
}

fn render_condition(line: GateLine) -> AnyView {
    let GateLine { title, verdict, detail, trend, .. } = line;
    view! {
        <strong>{title}</strong>
        <span class="visually-hidden">": "{verdict_label(verdict)}</span>
        <Trend values=trend/>
        <span class="hint">{detail}</span>
    }
    .into_any()
}

/// Renders a condition without forms, for pages that only report.
#[cfg(feature = "ssr")]
pub(crate) fn render_gate_line(
    condition: &phasegate_domain::gates::GateCondition,
) -> impl IntoView + use<> {
    let phasegate_domain::gates::GateCondition { title, verdict, detail, trend, .. } =
        condition.clone();
    let line = GateLine { title, verdict, detail, trend, can_sign_off: false, alerts: Vec::new() };
    view! { <li class=verdict_class(condition.verdict)>{render_condition(line)}</li> }
}
