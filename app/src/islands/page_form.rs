//! Forms of pages that do not follow changes.

use std::sync::Arc;

use leptos::prelude::*;

use super::fn_form::{Answer, Then, render_fn_form};
use crate::{
    components::{SecretNotice, live},
    models::Done,
};

/// A form for a server function on a page that the server renders. It is sent in place, so that a
/// refusal loses nothing; once it is carried out, the page is loaded again, where it was scrolled to.
#[island]
pub(crate) fn PageForm(
    /// The path of the server function.
    function: String,
    /// The class of the form.
    #[prop(into)]
    class: String,
    children: Children,
) -> impl IntoView {
    // A secret is shown once, so the page stays until it is copied.
    let shown = RwSignal::new(None::<Done>);
    let on_answer = Arc::new(move |answer: &Answer| match answer {
        Ok(done) if done.secret.is_some() => shown.set(Some(done.clone())),
        Ok(_) => reload_page(),
        Err(_) => {}
    });
    view! {
        {render_fn_form(function, class, Then::Reload, children().into_any(), on_answer)}
        {live(move || match shown.get() {
            Some(done) => view! {
                <SecretNotice done/>
                <button class="button" type="button" on:click=|_| reload_page()>"I have copied it"</button>
            }
            .into_any(),
            None => ().into_any(),
        })}
    }
}

fn reload_page() {
    #[cfg(feature = "hydrate")]
    let _ = window().location().reload();
}
