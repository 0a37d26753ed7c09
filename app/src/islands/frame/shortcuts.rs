//! Keyboard shortcuts: `?` lists them, `g` and a letter open a page.

use leptos::{html, prelude::*};

/// A shortcut that opens a page: its letter, the title and the address.
pub(crate) type PageShortcut = (String, String, String);

/// The list of shortcuts, which `?` opens.
#[island]
pub(crate) fn Shortcuts(pages: Vec<PageShortcut>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let rows = pages.iter().map(|(key, title, _)| {
        let (key, title) = (key.clone(), title.clone());
        view! { <div><dt><kbd>"g"</kbd> " " <kbd>{key}</kbd></dt><dd>{title}</dd></div> }.into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    #[cfg(feature = "hydrate")]
    browser::follow_shortcuts(pages, dialog);
    view! {
        <dialog class="palette shortcuts" closedby="any" aria-label="Shortcuts" node_ref=dialog>
            <h2>"Shortcuts"</h2>
            <dl>
                <div><dt><kbd>"Ctrl K"</kbd> " or " <kbd>"⌘ K"</kbd></dt><dd>"Search pages, commands and flags"</dd></div>
                <div><dt><kbd>"?"</kbd></dt><dd>"This list"</dd></div>
                {rows}
            </dl>
            <form method="dialog"><button class="button" type="submit">"Close"</button></form>
        </dialog>
    }
}

#[cfg(feature = "hydrate")]
pub(super) use browser::listen_to_keys;

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{html, prelude::*};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{Element, HtmlElement, KeyboardEvent};

    use super::PageShortcut;

    /// Calls `on_press` with every key that is pressed, as long as the page lasts.
    pub(in crate::islands::frame) fn listen_to_keys(on_press: impl Fn(&KeyboardEvent) + 'static) {
        let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event| on_press(&event));
        let added =
            window().add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref());
        if added.is_ok() {
            listener.forget();
        }
    }

    /// Whether the key goes into a field.
    fn is_typing(event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| {
            let is_field = matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT");
            let is_text =
                target.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
            is_field || is_text
        })
    }

    pub(super) fn follow_shortcuts(pages: Vec<PageShortcut>, dialog: NodeRef<html::Dialog>) {
        // Whether `g` was pressed last.
        let goes = StoredValue::new(false);
        listen_to_keys(move |event| {
            let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
            if has_modifier || is_typing(event) {
                return;
            }
            let went = goes.get_value();
            let key = event.key();
            goes.set_value(key == "g");
            if went && let Some((_, _, href)) = pages.iter().find(|(known, ..)| *known == key) {
                event.prevent_default();
                // The address is one of this server.
                let _ = window().location().set_href(href);
            } else if key == "?"
                && let Some(dialog) = dialog.get_untracked().filter(|d| !d.open())
            {
                event.prevent_default();
                // Refused only if it is open.
                let _ = dialog.show_modal();
            }
        });
    }
}
