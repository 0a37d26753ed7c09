//! Forms for server functions on pages that the server renders.

use std::marker::PhantomData;

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    components::{Notice, SecretNotice},
    islands::PageForm,
    request::Request,
};

/// A form for the server function `F`, which names the environment of the page.
#[component]
pub(crate) fn FnForm<F: ServerFn>(
    #[prop(optional, into)] class: String,
    children: Children,
    #[prop(optional)] _function: PhantomData<F>,
) -> impl IntoView {
    let key = Request::from_context().and_then(|request| request.environment_key()).ok();
    view! {
        <PageForm function=F::PATH.to_owned() class>
            <input type="hidden" name="environment" value=key/>
            {children()}
        </PageForm>
    }
}

/// The notice about what was just done, with a button that takes it back.
#[component]
pub(crate) fn JustDone(request: Request) -> impl IntoView {
    let done = request.take_done()?;
    if done.secret.is_some() {
        return Some(view! { <SecretNotice done/> }.into_any());
    }
    let undo = done.undo.clone().map(|undo| {
        let fields = undo.fields.into_iter();
        let fields =
            fields.map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
        view! {
            <PageForm function=undo.function class="">
                {fields.collect_view()}
                <button class="button" type="submit">"Undo"</button>
            </PageForm>
        }
    });
    let message = done.message.map(|text| {
        view! { <details class="to-send"><summary>"Stakeholder message"</summary><pre>{text}</pre></details> }
    });
    Some(
        view! { <div class="toast" data-testid="toast"><Notice>{done.text}</Notice> {message} {undo}</div> }
            .into_any(),
    )
}
