//! The debugger explains the evaluation of flags for a user, step by step. The query is in the URL,
//! so that it can be shared.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    evaluation::{ExplanationLine, Reader, TraceStep},
    ids::FlagKey,
    reports::Explanation,
};
use phasegate_service::flags::{explain_flags, parse_context};

use crate::{
    components::TextArea,
    islands::SplitForm,
    models::SplitTable,
    parts::{PageErrorNotice, render_page},
    request::{FormFields, PageError, Request},
    server_fns::debugger::EvaluateUsers,
};

#[component]
pub(crate) fn DebuggerPage() -> impl IntoView {
    view! {
        <Title text="Debugger"/>
        {render_page(|request| async move {
            let asked = request.query.clone();
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
                <Question request=request.clone() asked/>
                {answers}
                <Many request/>
            }
            .into_any())
        })}
    }
}

fn parse_chosen_flag(asked: &FormFields) -> Result<Option<FlagKey>, PageError> {
    match asked.get("flag") {
        "" => Ok(None),
        _ => asked.parse_field("flag").map(Some),
    }
}

fn answer_query(request: &Request, asked: &FormFields) -> Result<AnyView, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let flag = parse_chosen_flag(asked)?;
    let (user, attributes) = (asked.get("user"), asked.get("attributes"));
    if user.is_empty() && attributes.is_empty() {
        return Ok(().into_any());
    }
    let context = parse_context(user, attributes)?;
    let answers = explain_flags(service, actor, environment, flag.as_ref(), &context)?;
    Ok(view! { <Answers answers/> }.into_any())
}

fn flag_options(request: &Request, asked: &FormFields) -> AnyView {
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
fn Question(request: Request, asked: FormFields) -> impl IntoView {
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
fn Many(request: Request) -> impl IntoView {
    let entered = request.entered_form::<EvaluateUsers>();
    let (users, attributes) = (entered.get_exact("users"), entered.get_exact("attributes"));
    let is_open = !users.is_empty();
    let split = request.answer::<EvaluateUsers, SplitTable>();
    let key = request.environment_key().unwrap_or_default();
    let chosen = if is_open { entered } else { request.query.clone() };
    let flags = flag_options(&request, &chosen);
    view! {
        <details open=is_open class="card">
            <summary><h2 class="inline">"Evaluate many users"</h2></summary>
            <SplitForm environment=key split>
                <label class="field"><span>"Flag"</span>
                    <select name="flag" required>{flags}</select></label>
                <label class="field"><span>"User IDs, one per line"</span>
                    <TextArea value=users rows=8 name="users" code=true required=true/></label>
                <label class="field"><span>"Shared attributes (optional): JSON, or one per line"</span>
                    <TextArea value=attributes rows=2 name="attributes" code=true/></label>
                <div><button class="button" type="submit">"Show the split"</button></div>
            </SplitForm>
        </details>
    }
}
