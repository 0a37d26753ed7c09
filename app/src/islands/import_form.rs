//! Forms whose difference is confirmed before it is imported.

use std::sync::Arc;

use leptos::prelude::*;

use super::{
    fn_form::{Answer, FormState, Then, page_field, render_fn_form},
    outcome::Outcome,
};
use crate::{
    components::{Changes, live},
    models::{Difference, DifferenceLine},
};

/// A form that shows the difference first, and the question about it.
#[island(lazy)]
pub(crate) fn ImportForm(
    /// The path of the function that returns the difference, and of the one that imports.
    preview: String,
    import: String,
    #[prop(into)] class: String,
    /// The key of the environment.
    environment: String,
    /// The difference, if a form without a script has asked for it.
    difference: Option<Difference>,
    /// The page without the question.
    back: String,
    children: Children,
) -> impl IntoView {
    let shown = RwSignal::new(difference);
    let state = FormState::new();
    let action = preview.clone();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        #[cfg(feature = "hydrate")]
        super::fn_form::ask_in_place(&event, preview.clone(), state, move |text| {
            match serde_json::from_str(text) {
                Ok(difference) => shown.set(Some(difference)),
                Err(_) => shown.set(None),
            }
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = (event, &preview);
    };
    let key = environment.clone();
    view! {
        {live(move || match shown.get() {
            Some(difference) => {
                let close = move || shown.set(None);
                render_difference(difference, import.clone(), &environment, back.clone(), close)
            }
            None => ().into_any(),
        })}
        <form method="post" action=action class=class on:submit=on_submit
            aria-busy=move || state.pending.get().to_string()>
            <input type="hidden" name="environment" value=key/>
            {page_field()}
            {children()}
            <Outcome pending=state.pending error=state.error/>
        </form>
    }
}

fn render_difference(
    difference: Difference,
    import: String,
    environment: &str,
    back: String,
    close: impl Fn() + Send + Sync + 'static,
) -> AnyView {
    let Difference { title, is_empty, warning, lines, button, fields } = difference;
    if is_empty {
        return view! { <p class="notice" role="status">{title}</p> }.into_any();
    }
    let lines: Vec<AnyView> = lines.into_iter().map(render_line).collect();
    let fields = fields.into_iter();
    let fields: Vec<AnyView> = fields
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any())
        .collect();
    let warning = warning.map(|text| view! { <p class="notice notice-warning">{text}</p> });
    let cancel = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        close();
    };
    let fields = view! {
        <input type="hidden" name="environment" value=environment.to_owned()/>
        {fields}
        <button class="button button-primary" type="submit" autofocus>{button}</button>
        <a class="button" href=back rel="external" on:click=cancel>"Cancel"</a>
    };
    let on_answer = Arc::new(|_: &Answer| {});
    view! {
        <section class="confirm" aria-labelledby="difference-title" data-testid="difference">
            <h2 id="difference-title">{title}</h2>
            {warning}
            <ul class="timeline">{lines}</ul>
            {render_fn_form(import, "row", Then::Reload, fields.into_any(), on_answer)}
        </section>
    }
    .into_any()
}

fn render_line(line: DifferenceLine) -> AnyView {
    let DifferenceLine { text, fields } = line;
    let fields = (!fields.is_empty()).then(|| view! { <Changes fields/> });
    view! { <li class="timeline-line"><span class="timeline-what">{text}</span> {fields}</li> }
        .into_any()
}
