//! Whether the phase can be left, and if not, why not.

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

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "gate-line is-pass",
        Verdict::Fail => "gate-line is-fail",
        Verdict::Inconclusive => "gate-line is-open",
        Verdict::AwaitingSignOff => "gate-line is-asked",
    }
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Passes",
        Verdict::Fail => "Fails",
        Verdict::Inconclusive => "Not known yet",
        Verdict::AwaitingSignOff => "Pending sign-off",
    }
}

/// The answer first, then everything that it rests on.
#[component]
pub(super) fn GatePanel(rollout: RolloutView) -> impl IntoView {
    let phase = rollout.status().serving_phase()?;
    if matches!(rollout.status(), RolloutStatus::Completed(_)) {
        return None;
    }
    let next = rollout.plan.phase(phase.next());
    let question = match next {
        Some(next) => format!("Can we go on to phase {}, {}?", next.number, next.name),
        None => "Can we complete the rollout?".to_owned(),
    };
    let conditions = &rollout.gate.conditions;
    let open = conditions.iter().filter(|c| c.verdict != Verdict::Pass).count();
    let (answer, state) = match (open, rollout.status()) {
        (_, RolloutStatus::Paused(_)) => {
            ("Not while it is paused. Resume it first.".to_owned(), "is-closed")
        }
        (0, _) => (format!("Yes. All {} conditions hold.", conditions.len()), "is-passed"),
        (1, _) => (format!("Not yet. 1 of {} conditions is open.", conditions.len()), "is-closed"),
        (open, _) => {
            (format!("Not yet. {open} of {} conditions are open.", conditions.len()), "is-closed")
        }
    };
    let lines = conditions.iter().map(|c| lines(c, &rollout, true)).collect_view();
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

/// A condition; users can judge it there if that is `asked`.
pub(super) fn lines(
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
        <li class=class(verdict)>
            <strong>{title}</strong>
            <span class="visually-hidden">": "{words(verdict)}</span>
            <Trend values=trend/>
            <span class="hint">{detail}</span>
            {judge} {acknowledge}
        </li>
    }
}

#[component]
fn Judge(statement: String, verdict: Verdict) -> impl IntoView {
    let label = if verdict == Verdict::AwaitingSignOff { "Judge" } else { "Judge again" };
    view! {
        <details class="gate-more">
            <summary>{label}<span class="visually-hidden">" “"{statement.clone()}"”"</span></summary>
            <form method="post" action="/admin/rollout" class="row"><Here/>
                <input type="hidden" name="add" value="sign_off"/>
                <input type="hidden" name="statement" value=statement/>
                <label class="field field-wide"><span>"What you saw (optional)"</span>
                    <input type="text" name="comment" maxlength="500"/></label>
                <button class="button" type="submit" name="holds" value="yes">"It holds"</button>
                <button class="button button-danger" type="submit" name="holds" value="no">"It does not"</button>
            </form>
        </details>
    }
}

/// Names the alerts that the condition's detail says are firing.
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
                <label class="field field-wide"><span>"Why the rollout may go on"</span>
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
                <label class="field field-wide"><span>"Why (needed for a no-go)"</span>
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
