//! Forms for server functions.
//!
//! With a script, a form is sent in place; without one, the browser sends the same fields to the same
//! path. Leptos' `ActionForm` decodes the fields into the arguments and encodes them again, with code of
//! its own for every function; here all forms share one type, and the server alone decodes.

use std::sync::Arc;

use leptos::prelude::*;

use super::outcome::Outcome;
use crate::{models::Done, server_fns::ApiError};

/// What a function answers.
pub(super) type Answer = Result<Done, ApiError>;

/// What a page does with the answer to a form.
pub(super) type OnAnswer = Arc<dyn Fn(&Answer) + Send + Sync>;

/// The state of a form.
#[derive(Clone, Copy)]
pub(super) struct FormState {
    /// Whether an answer is awaited.
    pub(super) pending: RwSignal<bool>,
    /// Why the last attempt was refused.
    pub(super) error: RwSignal<Option<ApiError>>,
}

impl FormState {
    pub(super) fn new() -> Self {
        Self { pending: RwSignal::new(false), error: RwSignal::new(None) }
    }
}

/// The field that names the page of a form. Without a script, the browser comes back to that page, and
/// shows it at the address of the function if the form is refused.
pub(super) fn page_field() -> AnyView {
    #[cfg(feature = "ssr")]
    let page = use_context::<axum::http::request::Parts>()
        .and_then(|parts| parts.uri.path_and_query().map(ToString::to_string))
        .unwrap_or_default();
    // Hydration leaves the value of the server.
    #[cfg(not(feature = "ssr"))]
    let page = String::new();
    view! { <input type="hidden" name="page" value=page/> }.into_any()
}

/// What a page does next once its form has been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It reads what has changed.
    Refresh,
    /// It is loaded again.
    Reload,
}

/// Renders a form for the server function at `path`. What became of it stands at its end.
pub(super) fn render_fn_form(
    path: impl Into<String>,
    class: impl Into<String>,
    then: Then,
    fields: AnyView,
    on_answer: OnAnswer,
) -> AnyView {
    render_named_form(path, class, then, fields, on_answer, None)
}

/// The same with an id, by which fields outside the form belong to it.
pub(super) fn render_named_form(
    path: impl Into<String>,
    class: impl Into<String>,
    then: Then,
    fields: AnyView,
    on_answer: OnAnswer,
    id: Option<&'static str>,
) -> AnyView {
    let state = FormState::new();
    let FormState { pending, error } = state;
    let (path, class): (String, String) = (path.into(), class.into());
    let action = path.clone();
    let send = move |event: leptos::ev::SubmitEvent| {
        #[cfg(feature = "hydrate")]
        browser::send_form(&event, path.clone(), then, state, Arc::clone(&on_answer));
        #[cfg(not(feature = "hydrate"))]
        let _ = (event, &on_answer, &path, then);
    };
    view! {
        <form id=id method="post" action=action class=class on:submit=send aria-busy=move || pending.get().to_string()>
            {page_field()}
            {fields}
            <Outcome pending error/>
        </form>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
pub(super) use browser::{ask_in_place, encode_form, post_form, pressed_button, send_editor};

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{
        prelude::*,
        server_fn::error::{FromServerFnError, ServerFnErrorErr},
        task::spawn_local,
    };
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{
        Element, FormData, HtmlButtonElement, HtmlFormElement, HtmlInputElement, RequestInit,
        Response, SubmitEvent, UrlSearchParams,
    };

    use super::{Answer, FormState, OnAnswer, Then};
    use crate::server_fns::ApiError;

    /// The attribute of fields that the server has refused.
    const INVALID: &str = "aria-invalid";

    pub(super) fn send_form(
        event: &SubmitEvent,
        path: String,
        then: Then,
        state: FormState,
        on_answer: OnAnswer,
    ) {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        send(form, path, then, state, pressed_button(event), move |answer| on_answer(answer));
    }

    /// Sends the form of an editor, which leads to another page. `on_refusal` is called if it does not.
    pub(in super::super) fn send_editor(
        form: HtmlFormElement,
        path: &str,
        state: FormState,
        on_refusal: impl Fn() + 'static,
    ) {
        send(form, path.to_owned(), Then::Reload, state, None, move |answer| {
            if answer.is_err() {
                on_refusal();
            }
        });
    }

    /// Sends a form whose answer is data to show. Calls `on_data` with its JSON.
    pub(in super::super) fn ask_in_place(
        event: &SubmitEvent,
        path: String,
        state: FormState,
        on_data: impl Fn(&str) + 'static,
    ) {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form.filter(|_| !state.pending.get_untracked()) else { return };
        let Some(body) = encode_form(&form, None) else { return };
        unmark_fields(&form);
        state.pending.set(true);
        spawn_local(async move {
            let answer = post_form(&path, &body, Then::Refresh).await;
            let _ = state.pending.try_set(false);
            let error = match answer {
                Ok((true, text)) => {
                    on_data(&text);
                    None
                }
                Ok((false, text)) => Some(read_error(&text)),
                Err(_) => Some(of(ServerFnErrorErr::Request(String::new()))),
            };
            if let Some(error) = &error {
                mark_fields(&form, error);
            }
            let _ = state.error.try_set(error);
        });
    }

    fn read_error(text: &str) -> ApiError {
        let unreadable =
            |error: serde_json::Error| of(ServerFnErrorErr::Deserialization(error.to_string()));
        serde_json::from_str(text).unwrap_or_else(unreadable)
    }

    /// Returns the button that has submitted a form.
    pub(in super::super) fn pressed_button(event: &SubmitEvent) -> Option<HtmlButtonElement> {
        event.submitter()?.dyn_into().ok()
    }

    fn send(
        form: HtmlFormElement,
        path: String,
        then: Then,
        state: FormState,
        button: Option<HtmlButtonElement>,
        on_answer: impl Fn(&Answer) + 'static,
    ) {
        if state.pending.get_untracked() {
            return;
        }
        let Some(body) = encode_form(&form, button.as_ref()) else { return };
        unmark_fields(&form);
        state.pending.set(true);
        spawn_local(async move {
            let answer = send_fields(&path, &body, then).await;
            // The page may have left the form out meanwhile.
            let _ = state.pending.try_set(false);
            if let Err(error) = &answer {
                mark_fields(&form, error);
            }
            let _ = state.error.try_set(answer.as_ref().err().cloned());
            if answer.is_ok() && then == Then::Refresh {
                form.reset();
            }
            if let Ok(Some(next)) = answer.as_ref().map(|done| &done.next) {
                let _ = window().location().set_href(next);
                return;
            }
            on_answer(&answer);
        });
    }

    /// Encodes the fields of a form, and the button that was pressed.
    pub(in super::super) fn encode_form(
        form: &HtmlFormElement,
        button: Option<&HtmlButtonElement>,
    ) -> Option<String> {
        let data = FormData::new_with_form(form).ok()?;
        let fields = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        if let Some(button) = button.filter(|button| !button.name().is_empty()) {
            fields.append(&button.name(), &button.value());
        }
        Some(String::from(fields.to_string()))
    }

    /// Sends encoded fields to a server function.
    async fn send_fields(path: &str, body: &str, then: Then) -> Answer {
        match post_form(path, body, then).await {
            Err(_) => Err(of(ServerFnErrorErr::Request(String::new()))),
            Ok((true, text)) => serde_json::from_str(&text)
                .map_err(|error| of(ServerFnErrorErr::Deserialization(error.to_string()))),
            Ok((false, text)) => Err(read_error(&text)),
        }
    }

    fn of(error: ServerFnErrorErr) -> ApiError {
        ApiError::from_server_fn_error(error)
    }

    /// Posts a body. Returns whether the status is one of success, and the text of the answer.
    pub(in super::super) async fn post_form(
        path: &str,
        body: &str,
        then: Then,
    ) -> Result<(bool, String), JsValue> {
        let headers = web_sys::Headers::new()?;
        headers.set("accept", "application/json")?;
        headers.set("content-type", "application/x-www-form-urlencoded")?;
        if then == Then::Reload {
            headers.set("x-phasegate-then", "reload")?;
        }
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&JsValue::from_str(body));
        request.set_headers(&headers);
        let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
        let answer: Response = answer.dyn_into()?;
        let text = JsFuture::from(answer.text()?).await?;
        Ok((answer.ok(), text.as_string().unwrap_or_default()))
    }

    /// Marks the fields that an error names, and moves the focus to the first.
    fn mark_fields(form: &HtmlFormElement, error: &ApiError) {
        let fields = form.query_selector_all("[name]").ok();
        let fields = fields.iter().flat_map(|all| (0..all.length()).filter_map(|at| all.item(at)));
        let fields: Vec<Element> = fields.filter_map(|node| node.dyn_into().ok()).collect();
        let mut is_first = true;
        for wrong in &error.fields {
            let path = join_path(&wrong.field);
            let is_it = |field: &&Element| {
                let name = field.get_attribute("name").map(|name| join_path(&name));
                name.is_some_and(|name| name == path || name.ends_with(&format!(".{path}")))
            };
            let Some(field) = fields.iter().find(is_it).filter(|_| !path.is_empty()) else {
                continue;
            };
            let _ = field.set_attribute(INVALID, "true");
            if let Some(input) = field.dyn_ref::<HtmlInputElement>().filter(|_| is_first) {
                let _ = input.focus();
            }
            is_first = false;
        }
        let form = form.clone();
        let forget = Closure::once_into_js({
            let form = form.clone();
            move || unmark_fields(&form)
        });
        let options = web_sys::AddEventListenerOptions::new();
        options.set_once(true);
        let _ = form.add_event_listener_with_callback_and_add_event_listener_options(
            "input",
            forget.unchecked_ref(),
            &options,
        );
    }

    /// Writes `rules[0][share]` and `rules[0].share` as `rules.0.share`.
    fn join_path(name: &str) -> String {
        name.replace("][", ".")
            .replace(['[', ']'], ".")
            .replace("..", ".")
            .trim_matches('.')
            .to_owned()
    }

    fn unmark_fields(form: &HtmlFormElement) {
        while let Ok(Some(field)) = form.query_selector("[aria-invalid]") {
            let _ = field.remove_attribute(INVALID);
        }
    }
}
