//! A live preview of a form.

use leptos::prelude::*;

/// Posts the form with the id `form` to its own page as a preview whenever it changes, and replaces
/// the content of the element `place` by the new one. Without a script, a button does the same.
#[island]
pub(crate) fn LivePreview(form: String, place: String) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    browser::watch_form(form, place);
    #[cfg(not(feature = "hydrate"))]
    let _ = (form, place);
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        DomParser, FormData, HtmlFormElement, RequestInit, Response, SupportedType, UrlSearchParams,
    };

    /// The delay after the last input.
    const REST: Duration = Duration::from_millis(250);

    pub(super) fn watch_form(form: String, place: String) {
        let element = document().get_element_by_id(&form);
        let Some(form) = element.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        let waiting = StoredValue::new_local(None::<TimeoutHandle>);
        let asked = form.clone();
        let on_input = Closure::<dyn Fn()>::new(move || {
            if let Some(handle) = waiting.get_value() {
                handle.clear();
            }
            let (form, place) = (asked.clone(), place.clone());
            let ask = move || {
                spawn_local(async move {
                    // If the server is unreachable, the last preview stays.
                    let _ = refresh_preview(&form, &place).await;
                });
            };
            waiting.set_value(set_timeout_with_handle(ask, REST).ok());
        });
        for event in ["input", "change"] {
            let _ = form.add_event_listener_with_callback(event, on_input.as_ref().unchecked_ref());
        }
        on_input.forget();
    }

    async fn refresh_preview(form: &HtmlFormElement, place: &str) -> Result<(), JsValue> {
        let fields = FormData::new_with_form(form)?;
        fields.set_with_str("do", "preview")?;
        let body = UrlSearchParams::new_with_record_from_str_to_str(
            &JsValue::from(web_sys::js_sys::Object::new()).unchecked_into(),
        )?;
        let entries = web_sys::js_sys::Array::from(&fields);
        for entry in entries.iter() {
            let pair = web_sys::js_sys::Array::from(&entry);
            let text = |index| pair.get(index).as_string().unwrap_or_default();
            body.append(&text(0), &text(1));
        }
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&body);
        let answer =
            JsFuture::from(window().fetch_with_str_and_init(&form.action(), &request)).await?;
        let answer: Response = answer.dyn_into()?;
        let html = JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default();
        let page = DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml)?;
        let newer = page.get_element_by_id(place);
        if let (Some(newer), Some(shown)) = (newer, document().get_element_by_id(place)) {
            shown.set_inner_html(&newer.inner_html());
        }
        Ok(())
    }
}
