//! What a user would get, and why. The question is in the URL, so that it can be shared.

use leptos::prelude::*;
use leptos_router::{components::Form, hooks::use_query_map};
use phasegate_domain::flags::Explanation;

use crate::{api, components::ErrorNotice};

/// Asks for a user and explains every flag for them. Asks anew when `version` changes.
#[component]
pub(super) fn Explain(#[prop(into)] version: Signal<usize>) -> impl IntoView {
    let query = use_query_map();
    let user = Memo::new(move |_| query.read().get("user").unwrap_or_default());
    let attributes = Memo::new(move |_| query.read().get("attributes").unwrap_or_default());
    let answers = Resource::new(
        move || (user.get(), attributes.get(), version.get()),
        |(user, attributes, _)| async move {
            if user.is_empty() {
                return Ok(None);
            }
            api::explain_flags(user, attributes).await.map(Some)
        },
    );
    view! {
        <section class="explain" aria-labelledby="explain-title">
            <h2 id="explain-title">"What would a user get?"</h2>
            <Form method="GET" action="/admin/flags" attr:class="explain-form">
                <label class="field">
                    <span>"targetingKey"</span>
                    <input type="text" name="user" required maxlength="200" autocomplete="off"
                        placeholder="ada" value=move || user.get() prop:value=move || user.get()/>
                </label>
                <label class="field">
                    <span>"Attributes (JSON, optional)"</span>
                    <input type="text" name="attributes" maxlength="4000" autocomplete="off" spellcheck="false"
                        placeholder=r#"{"groups": ["beta"]}"# value=move || attributes.get() prop:value=move || attributes.get()/>
                </label>
                <button class="button button-primary" type="submit">"Explain"</button>
            </Form>
            <Transition fallback=|| view! { <p class="hint">"Asking …"</p> }>
                {move || Suspend::new(async move {
                    match answers.await {
                        Ok(None) => ().into_any(),
                        Ok(Some(answers)) => view! { <Answers answers/> }.into_any(),
                        Err(error) => view! { <ErrorNotice error/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn Answers(answers: Vec<Explanation>) -> impl IntoView {
    let answers = answers
        .into_iter()
        .map(|answer| {
            let Explanation { flag, value, variant, reason, steps } = answer;
            let class =
                if value == serde_json::Value::Bool(true) { "pill pill-live" } else { "pill" };
            let steps =
                steps.iter().map(|step| view! { <li>{step.to_string()}</li> }).collect_view();
            view! {
                <li class="answer">
                    <details>
                        <summary>
                            <code class="flag-key">{flag.to_string()}</code>
                            <span class=class>{variant.to_string()}</span>
                            <span class="hint">{reason.as_str()}</span>
                        </summary>
                        <ol class="steps">{steps}</ol>
                    </details>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="answers" data-testid="answers">{answers}</ul> }
}
