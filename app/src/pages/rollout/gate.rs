//! The gate: whether the phase can be left, and which conditions are open.

use leptos::prelude::*;
use phasegate_domain::{
    accounts::Role,
    alerts::AlertKind,
    gates::{ConditionKind, GateCondition},
    measurement::Verdict,
    reports::RolloutView,
    rollout::RolloutStatus,
};

use super::feedback::FeedbackPart;
use crate::{
    components::{Time, Trend},
    parts::Here,
};

fn verdict_class(verdict: Verdict) -> &'static str {
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

/// The answer of the gate, then its conditions, feedback and votes.
#[component]
pub(super) fn GatePanel(rollout: RolloutView) -> impl IntoView {
    let phase = rollout.status().serving_phase()?;
    if matches!(rollout.status(), RolloutStatus::Completed(_)) {
        return None;
    }
    let next = rollout.plan.phase(phase.next());
    let question = match next {
        Some(next) => format!("Can the rollout advance to phase {}, {}?", next.number, next.name),
        None => "Can the rollout be completed?".to_owned(),
    };
    let conditions = &rollout.gate.conditions;
    let open = conditions.iter().filter(|c| c.verdict != Verdict::Pass).count();
    let (answer, state) = match (open, rollout.status()) {
        (_, RolloutStatus::Paused(_)) => {
            ("No. The rollout is paused; resume it first.".to_owned(), "is-closed")
        }
        (0, _) => (format!("Yes. All {} conditions hold.", conditions.len()), "is-passed"),
        (1, _) => (format!("Not yet. 1 of {} conditions is open.", conditions.len()), "is-closed"),
        (open, _) => {
            (format!("Not yet. {open} of {} conditions are open.", conditions.len()), "is-closed")
        }
    };
    let lines = conditions.iter().map(|c| render_condition(c, &rollout, true)).collect_view();
    Some(view! {
        <section class=format!("card gate {state}") aria-labelledby="gate-title" data-testid="gate">
            <h2 id="gate-title">{question}</h2>
            <p class="gate-answer" data-testid="gate-answer">{answer}</p>
            <ul class="gate-lines">{lines}</ul>
            <FeedbackPart feedback=rollout.feedback.clone() title="Feedback in this phase"/>
            <Votes rollout=rollout.clone()/>
        </section>
    })
}

/// Renders a condition. If `asked`, operators can sign it off or acknowledge its alerts.
pub(super) fn render_condition(
    condition: &GateCondition,
    rollout: &RolloutView,
    asked: bool,
) -> impl IntoView + use<> {
    let GateCondition { kind, title, verdict, detail, trend, .. } = condition.clone();
    let phase = rollout.status().serving_phase().and_then(|number| rollout.plan.phase(number));
    let is_judged = asked
        && kind == ConditionKind::Criterion
        && phase.is_some_and(|phase| phase.statements().any(|statement| statement == title));
    let judge = (is_judged && rollout.role >= Role::Operator)
        .then(|| view! { <Judge statement=title.clone() verdict/> });
    let is_alarming = asked && kind == ConditionKind::Alerts && verdict == Verdict::Fail;
    let acknowledge = (is_alarming && rollout.role >= Role::Operator)
        .then(|| view! { <Acknowledge detail=detail.clone()/> });
    view! {
        <li class=verdict_class(verdict)>
            <strong>{title}</strong>
            <span class="visually-hidden">": "{verdict_label(verdict)}</span>
            <Trend values=trend/>
            <span class="hint">{detail}</span>
            {judge} {acknowledge}
        </li>
    }
}

#[component]
fn Judge(statement: String, verdict: Verdict) -> impl IntoView {
    let label = if verdict == Verdict::AwaitingSignOff { "Sign off" } else { "Sign off again" };
    view! {
        <details class="gate-more">
            <summary>{label}<span class="visually-hidden">" “"{statement.clone()}"”"</span></summary>
            <form method="post" action="/admin/rollout" class="row"><Here/>
                <input type="hidden" name="add" value="sign_off"/>
                <input type="hidden" name="statement" value=statement/>
                <label class="field field-wide"><span>"Comment (optional)"</span>
                    <input type="text" name="comment" maxlength="500"/></label>
                <button class="button" type="submit" name="holds" value="yes">"Sign off as met"</button>
                <button class="button button-danger" type="submit" name="holds" value="no">"Sign off as not met"</button>
            </form>
        </details>
    }
}

/// Offers the alerts whose titles are in the condition's detail, which lists the firing ones.
#[component]
fn Acknowledge(detail: String) -> impl IntoView {
    let firing = AlertKind::ALL.into_iter().filter(|kind| detail.contains(kind.title()));
    let options = firing
        .map(|kind| view! { <option value=kind.as_str()>{kind.title()}</option> })
        .collect_view();
    view! {
        <details class="gate-more">
            <summary>"Acknowledge an alert"</summary>
            <form method="post" action="/admin/rollout" class="row"><Here/>
                <input type="hidden" name="add" value="acknowledge"/>
                <label class="field"><span>"Alert"</span><select name="alert">{options}</select></label>
                <label class="field field-wide"><span>"Reason why the rollout may continue"</span>
                    <input type="text" name="comment" maxlength="500" required/></label>
                <button class="button" type="submit">"Acknowledge for 48 hours"</button>
            </form>
        </details>
    }
}

#[component]
fn Votes(rollout: RolloutView) -> impl IntoView {
    let votes = &rollout.state.record.votes;
    if rollout.plan.quorum == 0 && votes.is_empty() {
        return None;
    }
    let lines = votes.iter().map(|vote| {
        let comment = Some(vote.comment.clone()).filter(|text| !text.is_empty());
        view! {
            <li>
                <span class=if vote.go { "pill pill-live" } else { "pill pill-warning" }>
                    {if vote.go { "Go" } else { "No-go" }}
                </span>
                " " {vote.by.0.clone()} ", " <Time at=vote.at/>
                {comment.map(|text| view! { " " <q class="timeline-reason">{text}</q> })}
            </li>
        }
    });
    let form = (rollout.role >= Role::Operator).then(|| {
        view! {
            <form method="post" action="/admin/rollout" class="row"><Here/>
                <input type="hidden" name="add" value="vote"/>
                <label class="field field-wide"><span>"Comment (required for a no-go)"</span>
                    <input type="text" name="comment" maxlength="500"/></label>
                <button class="button" type="submit" name="go" value="yes">"Go"</button>
                <button class="button button-danger" type="submit" name="go" value="no">"No-go"</button>
            </form>
        }
    });
    Some(view! {
        <div class="votes" data-testid="votes">
            <h3>"Votes"</h3>
            <ul class="stack">{lines.collect_view()}</ul>
            {form}
        </div>
    })
}
