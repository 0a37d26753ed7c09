//! What all editors share: sending the form, buttons of rows, the preview, and the question before
//! changes are lost.

use leptos::prelude::*;

use crate::{
    components::{Changes, live},
    islands::{
        fn_form::{FormState, page_field},
        outcome::Outcome,
    },
    models::EditorPreview,
};

/// Applies the value of a button to an encoded form.
pub(super) type OnPress = dyn Fn(&str, &str) + Send + Sync;

/// An editor: its server functions, its fields, and what its buttons do.
pub(super) struct Editor {
    /// The paths of the functions that save and that preview the form.
    pub(super) save: &'static str,
    pub(super) preview: &'static str,
    /// The address of the page, and of the page that *Cancel* leads to.
    pub(super) here: String,
    pub(super) back: String,
    /// The fields that never change, and those that buttons of rows change.
    pub(super) fixed: AnyView,
    pub(super) fields: AnyView,
    /// What stands below the buttons.
    pub(super) aside: AnyView,
    /// The preview of what is stored.
    pub(super) first: EditorPreview,
    pub(super) title: &'static str,
    pub(super) can_save: bool,
    /// Applies a button to the encoded form.
    pub(super) press: Box<OnPress>,
}

/// Renders the form of an editor, with its preview beside it.
pub(super) fn render_editor(editor: Editor) -> AnyView {
    let Editor { save, preview, here, back, fixed, fields, aside, first, title, can_save, press } =
        editor;
    let shown = RwSignal::new(first);
    let state = FormState::new();
    #[cfg(feature = "hydrate")]
    let preview_after = browser::Preview::new(preview, shown);
    #[cfg(feature = "hydrate")]
    let (on_submit, on_input) = (
        move |event: leptos::ev::SubmitEvent| {
            browser::submit_editor(&event, save, state, &*press, preview_after);
        },
        move |event: leptos::ev::Event| preview_after.wait_for_rest(&event),
    );
    // What was typed before the page was live is previewed, too.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| preview_after.refresh_first());
    #[cfg(not(feature = "hydrate"))]
    let (on_submit, on_input) = {
        let _ = (preview, press);
        (|_: leptos::ev::SubmitEvent| {}, |_: leptos::ev::Event| {})
    };
    let buttons = can_save.then(|| {
        view! {
            <div class="row">
                <button class="button button-primary" type="submit" formaction=save>"Save"</button>
                <button class="button" type="submit" name="press" value="preview" formnovalidate>"Preview"</button>
                <a class="button" href=back rel="external">"Cancel"</a>
            </div>
        }
    });
    view! {
        <form id="editor" method="post" action=here class="editor" on:submit=on_submit on:input=on_input
            aria-busy=move || state.pending.get().to_string()>
            // The Enter key presses the first button, and must not press one of a row.
            <button class="visually-hidden" type="submit" name="press" value="preview" tabindex="-1" aria-hidden="true">"Preview"</button>
            {page_field()} {fixed}
            <div class="editor-fields stack">{fields}</div>
            <aside class="editor-side stack">
                <div class="card stack" aria-live="polite" data-testid="preview">
                    {live(move || render_preview(shown.get(), title))}
                </div>
                {buttons}
                <Outcome pending=state.pending error=state.error/>
                {aside}
            </aside>
        </form>
    }
    .into_any()
}

fn render_preview(preview: EditorPreview, title: &'static str) -> AnyView {
    let EditorPreview { problem, words, changes } = preview;
    if let Some(problem) = problem {
        return view! { <h2>"Not valid yet"</h2> <p class="notice notice-error">{problem}</p> }
            .into_any();
    }
    let words: Vec<AnyView> =
        words.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect();
    let changes = if changes.is_empty() {
        view! { <p class="hint">"No changes yet."</p> }.into_any()
    } else {
        view! { <Changes fields=changes/> }.into_any()
    };
    view! { <h2>{title}</h2> <ol class="words">{words}</ol> <h3>"Changes"</h3> {changes} }
        .into_any()
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{HtmlElement, HtmlFormElement, SubmitEvent};

    use crate::{
        islands::fn_form::{FormState, Then, encode_form, post_form, pressed_button, send_editor},
        models::EditorPreview,
    };

    /// The delay after the last input.
    const REST: Duration = Duration::from_millis(250);

    /// The preview of a form that is being edited.
    #[derive(Clone, Copy)]
    pub(super) struct Preview {
        path: &'static str,
        shown: RwSignal<EditorPreview>,
        waiting: StoredValue<Option<TimeoutHandle>, LocalStorage>,
        /// Whether something was changed and not saved yet.
        is_dirty: StoredValue<bool>,
    }

    impl Preview {
        pub(super) fn new(path: &'static str, shown: RwSignal<EditorPreview>) -> Self {
            let preview = Self {
                path,
                shown,
                waiting: StoredValue::new_local(None),
                is_dirty: StoredValue::new(false),
            };
            preview.ask_before_leaving();
            preview
        }

        /// Asks for the preview once the typing rests.
        pub(super) fn wait_for_rest(self, event: &leptos::ev::Event) {
            let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
            let form = target.and_then(|target| target.closest("form").ok().flatten());
            if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
                self.refresh(form);
            }
        }

        /// Asks for the preview of the form as the page was loaded.
        pub(super) fn refresh_first(self) {
            let form = document().get_element_by_id("editor");
            if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
                self.ask_after_rest(form);
            }
        }

        pub(super) fn refresh(self, form: HtmlFormElement) {
            self.is_dirty.set_value(true);
            self.ask_after_rest(form);
        }

        fn ask_after_rest(self, form: HtmlFormElement) {
            if let Some(handle) = self.waiting.get_value() {
                handle.clear();
            }
            let ask = move || {
                let Some(body) = encode_form(&form, None) else { return };
                spawn_local(async move {
                    // If the server is unreachable, the last preview stays.
                    if let Ok((true, text)) = post_form(self.path, &body, Then::Refresh).await
                        && let Ok(newer) = serde_json::from_str(&text)
                    {
                        let _ = self.shown.try_set(newer);
                    }
                });
            };
            self.waiting.set_value(set_timeout_with_handle(ask, REST).ok());
        }

        pub(super) fn forget_changes(self) {
            self.is_dirty.set_value(false);
        }

        /// The browser asks before it leaves a page with changes.
        fn ask_before_leaving(self) {
            let on_leave = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
                if self.is_dirty.get_value() {
                    event.prevent_default();
                }
            });
            let listener = on_leave.as_ref().unchecked_ref();
            if window().add_event_listener_with_callback("beforeunload", listener).is_ok() {
                on_leave.forget();
            }
        }
    }

    /// Applies the pressed button of a row in place, or sends the form.
    pub(super) fn submit_editor(
        event: &SubmitEvent,
        save: &'static str,
        state: FormState,
        press: &(dyn Fn(&str, &str) + Send + Sync),
        preview: Preview,
    ) {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        match pressed_button(event).filter(|button| button.name() == "press") {
            Some(button) => {
                let Some(body) = encode_form(&form, None) else { return };
                let value = button.value();
                press(&body, &value);
                focus_after(&form, &value);
                preview.refresh(form);
            }
            None => {
                preview.forget_changes();
                send_editor(form, save, state, move || preview.refresh_flag());
            }
        }
    }

    impl Preview {
        /// A refused form still has changes.
        fn refresh_flag(self) {
            self.is_dirty.set_value(true);
        }
    }

    /// Moves the focus to the first field of an added row, or to the button that adds rows where one
    /// was removed.
    fn focus_after(form: &HtmlFormElement, press: &str) {
        let Some((action, path)) = press.split_once(' ') else { return };
        let list = path.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        let form = form.clone();
        let selector = match action {
            "add" => format!("[name=press][value^='remove {path}.']"),
            _ => format!("[name=press][value='add {list}']"),
        };
        let is_add = action == "add";
        request_animation_frame(move || {
            let Ok(found) = form.query_selector_all(&selector) else { return };
            let last = found.length().checked_sub(1).and_then(|last| found.item(last));
            let button = last.and_then(|node| node.dyn_into::<HtmlElement>().ok());
            let row = button.as_ref().filter(|_| is_add).and_then(|button| button.parent_element());
            let field = row.and_then(|row| row.query_selector("input, select").ok().flatten());
            let field = field.and_then(|field| field.dyn_into::<HtmlElement>().ok());
            if let Some(target) = field.or(button) {
                let _ = target.focus();
            }
        });
    }
}
