//! A button that copies the text of another element.

use leptos::prelude::*;

/// The result of pressing the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser copies"))]
enum Copied {
    NotYet,
    Done,
    /// The clipboard is not available, for example without TLS; the text is selected instead.
    Selected,
}

/// Copies the text of the element with the id `of`. Hidden until the script runs, because it does
/// nothing without one.
#[island]
pub(crate) fn CopyButton(of: String) -> impl IntoView {
    view! { <CopyText of/> }
}

/// The button itself, for use in other islands.
#[component]
pub(crate) fn CopyText(of: String) -> impl IntoView {
    let (is_live, set_live) = signal(false);
    let (copied, set_copied) = signal(Copied::NotYet);
    Effect::new(move |_| set_live.set(true));
    let press = move |_| {
        #[cfg(feature = "hydrate")]
        browser::copy_text(&of, set_copied);
        #[cfg(not(feature = "hydrate"))]
        let _ = (&of, set_copied);
    };
    view! {
        <button class="button button-small" type="button" hidden=move || !is_live.get() on:click=press>
            {move || match copied.get() {
                Copied::NotYet => "Copy",
                Copied::Done => "Copied",
                Copied::Selected => "Selected: press Ctrl+C",
            }}
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::prelude::*;
    use wasm_bindgen_futures::{JsFuture, spawn_local};

    use super::Copied;

    /// How long the button shows the result.
    const SAID: Duration = Duration::from_secs(3);

    pub(super) fn copy_text(id: &str, copied: WriteSignal<Copied>) {
        let Some(element) = document().get_element_by_id(id) else { return };
        let text = element.text_content().unwrap_or_default();
        spawn_local(async move {
            // Browsers offer the clipboard only in secure contexts.
            let is_done = window().is_secure_context()
                && JsFuture::from(window().navigator().clipboard().write_text(&text)).await.is_ok();
            if !is_done && let Ok(Some(selection)) = window().get_selection() {
                let _ = selection.select_all_children(&element);
            }
            copied.set(if is_done { Copied::Done } else { Copied::Selected });
            set_timeout(move || copied.set(Copied::NotYet), SAID);
        });
    }
}
