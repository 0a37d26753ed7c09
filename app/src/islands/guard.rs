//! Guards forms: typed text is kept if the server is unreachable or the session has ended, and a
//! form that is submitted twice is sent once.

use leptos::prelude::*;

/// The reason why a form was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser finds out"))]
enum Hindrance {
    Away,
    LoggedOut,
}

/// Checks the server and the session before a form is sent, and shows a notice if that fails.
#[island]
pub(crate) fn FormGuard() -> impl IntoView {
    let (hindrance, set_hindrance) = signal(None::<Hindrance>);
    #[cfg(feature = "hydrate")]
    browser::watch_forms(set_hindrance);
    #[cfg(not(feature = "hydrate"))]
    let _ = set_hindrance;
    move || match hindrance.get() {
        None => ().into_any(),
        Some(Hindrance::Away) => view! {
            <p class="notice notice-error" role="alert">
                "The server did not answer. Nothing was sent; your entries are still in the form. \
                 Check that the server is running, then submit again."
            </p>
        }
        .into_any(),
        Some(Hindrance::LoggedOut) => view! {
            <p class="notice notice-error" role="alert">
                "Your session has ended. Nothing was sent; your entries are still in the form. "
                <a href="/login" target="_blank">"Log in again"</a>
                " in a new tab, then return here and submit again."
            </p>
        }
        .into_any(),
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{HtmlElement, HtmlFormElement, Response, SubmitEvent};

    use super::Hindrance;

    /// The attribute of a form that is being sent.
    const SENT: &str = "data-sent";

    pub(super) fn watch_forms(hindrance: WriteSignal<Option<Hindrance>>) {
        let on_submit = Closure::<dyn Fn(SubmitEvent)>::new(move |event: SubmitEvent| {
            let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
            // Forms of server functions are sent by their island, which says itself what went wrong.
            let Some(form) = form.filter(|form| form.method() == "post") else { return };
            if event.default_prevented() {
                return;
            }
            match form.get_attribute(SENT).as_deref() {
                // The check has passed, and this is the actual submission.
                Some("ready") => return,
                Some(_) => return event.prevent_default(),
                None => event.prevent_default(),
            }
            let _ = form.set_attribute(SENT, "asking");
            let submitter = event.submitter();
            spawn_local(async move {
                let found = check_session().await;
                hindrance.set(found);
                if found.is_none() {
                    let _ = form.set_attribute(SENT, "ready");
                    submit_form(&form, submitter.as_ref());
                    // Until the next page has loaded, a second submission does nothing.
                    let _ = form.set_attribute(SENT, "sent");
                } else {
                    let _ = form.remove_attribute(SENT);
                }
            });
        });
        let body = document();
        let listener = on_submit.as_ref().unchecked_ref();
        if body.add_event_listener_with_callback("submit", listener).is_ok() {
            // The listener lives as long as the page.
            on_submit.forget();
        }
        // The forms of a page from the back/forward cache can be sent again.
        let on_show = Closure::<dyn Fn()>::new(|| {
            let sent = document().query_selector_all("form[data-sent]");
            for index in 0..sent.as_ref().map_or(0, |forms| forms.length()) {
                let form = sent.as_ref().ok().and_then(|forms| forms.item(index));
                if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlElement>().ok()) {
                    let _ = form.remove_attribute(SENT);
                }
            }
        });
        let listener = on_show.as_ref().unchecked_ref();
        if window().add_event_listener_with_callback("pageshow", listener).is_ok() {
            on_show.forget();
        }
    }

    fn submit_form(form: &HtmlFormElement, submitter: Option<&HtmlElement>) {
        let sent = match submitter {
            Some(button) => form.request_submit_with_submitter(Some(button)),
            None => form.request_submit(),
        };
        // The browser itself reports invalid fields.
        let _ = sent;
    }

    async fn check_session() -> Option<Hindrance> {
        let answer = JsFuture::from(window().fetch_with_str("/admin/session")).await;
        let answer = answer.ok().and_then(|answer| answer.dyn_into::<Response>().ok());
        match answer.map(|answer| answer.status()) {
            Some(401) => Some(Hindrance::LoggedOut),
            Some(_) => None,
            None => Some(Hindrance::Away),
        }
    }
}
