//! The debugger explains the evaluation of flags for a user, step by step. The query is in the URL,
//! so that it can be shared.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    evaluation::{ExplanationLine, Reader, TraceStep},
    ids::FlagKey,
    reports::Explanation,
};
use phasegate_service::flags::{Split, evaluate_batch, explain_flags, parse_context};

use crate::{
    components::TextArea,
    format,
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::{Form, PageError, Request},
};

#[component]
pub(crate) fn DebuggerPage() -> impl IntoView {
    view! {
        <Title text="Debugger"/>
        {render_page(|request| async move {
            // A list of user ids may be too long for a URL, so it is posted as a form.
            let asked = request.form.clone().unwrap_or_else(|| request.query.clone());
            let found = answer_query(&request, &asked);
            let answers = match found {
                Ok(answers) => answers,
                Err(error) => {
                    request.set_error_status(&error);
                    view! { <PageErrorNotice error/> }.into_any()
                }
            };
            Ok(view! {
                <header class="page-head"><h1>"Debugger"</h1></header>
                <p class="lead">"Explains the evaluation of flags for a user, step by step."</p>
                <Question request=request.clone() asked=asked.clone()/>
                {answers}
                <Many request asked/>
            }
            .into_any())
        })}
    }
}

fn parse_chosen_flag(asked: &Form) -> Result<Option<FlagKey>, PageError> {
    match asked.get("flag") {
        "" => Ok(None),
        _ => asked.parse_field("flag").map(Some),
    }
}

fn answer_query(request: &Request, asked: &Form) -> Result<AnyView, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let flag = parse_chosen_flag(asked)?;
    if asked.has("users") {
        let flag = flag.ok_or_else(|| PageError::invalid("flag: choose a flag"))?;
        let (users, attributes) = (asked.get("users"), asked.get("attributes"));
        let split = evaluate_batch(service, actor, environment, &flag, users, attributes)?;
        return Ok(view! { <SplitTable flag split/> }.into_any());
    }
    let (user, attributes) = (asked.get("user"), asked.get("attributes"));
    if user.is_empty() && attributes.is_empty() {
        return Ok(().into_any());
    }
    let context = parse_context(user, attributes)?;
    let answers = explain_flags(service, actor, environment, flag.as_ref(), &context)?;
    Ok(view! { <Answers answers/> }.into_any())
}

fn flag_options(request: &Request, asked: &Form) -> AnyView {
    let chosen = asked.get("flag").to_owned();
    let live = request.cached_environment().ok();
    let keys = live
        .iter()
        .flat_map(|live| live.snapshot().flags().map(|entry| entry.flag.key.to_string()));
    let option = |key: String| {
        let is_chosen = key == chosen;
        view! { <option value=key selected=is_chosen>{key.clone()}</option> }
    };
    keys.map(option).collect::<Vec<_>>().collect_view().into_any()
}

#[component]
fn Question(request: Request, asked: Form) -> impl IntoView {
    let (user, attributes) = (asked.get("user").to_owned(), asked.get("attributes").to_owned());
    view! {
        <form class="card stack" method="get" action="/admin/debugger">
            <div class="filters">
                <label class="field"><span>"User (targetingKey)"</span>
                    <input type="text" name="user" maxlength="500" autocomplete="off" placeholder="ada" value=user/></label>
                <label class="field"><span>"Flag"</span>
                    <select name="flag"><option value="">"all flags"</option>{flag_options(&request, &asked)}</select></label>
            </div>
            <label class="field"><span>"Attributes (optional): JSON, or one per line"</span>
                <TextArea value=attributes rows=3 name="attributes" code=true placeholder="plan = pro\ngroups = [\"beta\"]"/></label>
            <div><button class="button button-primary" type="submit">"Explain"</button></div>
        </form>
    }
}

#[component]
fn Answers(answers: Vec<Explanation>) -> impl IntoView {
    let is_one = answers.len() == 1;
    let answers = answers
        .into_iter()
        .map(|Explanation { flag, answer, steps }| {
            let (text, reason, class) = match &answer {
                Some(answer) if answer.value == serde_json::Value::Bool(true) => {
                    (answer.variant.to_string(), answer.reason.as_str(), "pill pill-live")
                }
                Some(answer) => (answer.variant.to_string(), answer.reason.as_str(), "pill"),
                None => ("no answer".to_owned(), "ERROR", "pill pill-danger"),
            };
            view! {
                <li class="answer">
                    <details open=is_one>
                        <summary>
                            <code class="flag-key">{flag.to_string()}</code>
                            <span class=class>{text}</span>
                            <span class="hint">{reason}</span>
                        </summary>
                        <ol class="steps">{steps.into_iter().map(|step| view! { <StepLine step/> }).collect_view()}</ol>
                    </details>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="answers" data-testid="answers">{answers}</ul> }
}

#[component]
fn StepLine(step: TraceStep) -> impl IntoView {
    let mut lines = step.explanation_lines(Reader::Admin).into_iter();
    let first = lines.next();
    let class = if step.has_decided() { "is-deciding" } else { "" };
    let below = lines
        .map(|ExplanationLine { depth, text, has_decided }| {
            let deciding = if has_decided { " is-deciding" } else { "" };
            let class = format!("condition-line depth-{}{deciding}", (depth - 1).min(6));
            view! { <li class=class>{text}</li> }
        })
        .collect_view();
    let text = first.map(|line| line.text);
    view! { <li class=class>{text} <ul class="condition-lines">{below}</ul></li> }
}

#[component]
fn Many(request: Request, asked: Form) -> impl IntoView {
    let (users, attributes) = (asked.get("users").to_owned(), asked.get("attributes").to_owned());
    let is_open = asked.has("users");
    view! {
        <details open=is_open class="card">
            <summary><h2 class="inline">"Evaluate many users"</h2></summary>
            <form class="stack" method="post" action="/admin/debugger"><EnvironmentField/>
                <label class="field"><span>"Flag"</span>
                    <select name="flag" required>{flag_options(&request, &asked)}</select></label>
                <label class="field"><span>"User IDs, one per line"</span>
                    <TextArea value=users rows=8 name="users" code=true required=true/></label>
                <label class="field"><span>"Shared attributes (optional): JSON, or one per line"</span>
                    <TextArea value=attributes rows=2 name="attributes" code=true/></label>
                <div><button class="button" type="submit">"Show the split"</button></div>
            </form>
        </details>
    }
}

#[component]
fn SplitTable(flag: FlagKey, split: Split) -> impl IntoView {
    let total = split.users.len() as u64;
    let errors = (split.errors > 0).then(|| ("no answer".to_owned(), split.errors));
    let rows = split.variants.into_iter().map(|(variant, count)| (variant.to_string(), count));
    let rows = rows
        .chain(errors)
        .map(|(variant, count)| {
            view! {
                <tr>
                    <th scope="row"><code>{variant}</code></th>
                    <td class="is-number">{format::format_count(count)}</td>
                    <td class="is-number">{format::format_percent(count, total)}</td>
                </tr>
            }
        })
        .collect_view();
    let users = split
        .users
        .into_iter()
        .take(1_000)
        .map(|(user, variant)| {
            let variant = variant.map_or_else(|| "no answer".to_owned(), |name| name.to_string());
            view! { <tr><td><code>{user}</code></td><td>{variant}</td></tr> }
        })
        .collect_view();
    view! {
        <section class="card stack" data-testid="split">
            <h2>{format!("{flag} for {}", format::format_quantity(total, "user", "users"))}</h2>
            <div class="table-scroll">
                <table>
                    <thead><tr><th scope="col">"Variant"</th><th scope="col">"Users"</th><th scope="col">"Share"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <details><summary>"Variant of each user"</summary>
                <div class="table-scroll table-tall"><table><tbody>{users}</tbody></table></div>
            </details>
        </section>
    }
}
