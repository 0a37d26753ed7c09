//! The command palette: finds pages, commands, flags, segments and incidents by typing.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use phasegate_domain::ids::EnvironmentKey;

use crate::{components::live, models::Target};

/// The button that opens the palette, and the palette. Without a script, the button leads to a page
/// that does the same.
#[island]
pub(crate) fn CommandPalette(environment: EnvironmentKey) -> impl IntoView {
    let state = PaletteState::new(environment);
    let open = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        state.open();
    };
    #[cfg(feature = "hydrate")]
    super::shortcuts::listen_to_keys(move |event| {
        let is_asked =
            (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k");
        if is_asked {
            event.prevent_default();
            state.open();
        }
    });
    view! {
        <a class="palette-button" href="/admin/search" aria-keyshortcuts="Control+K Meta+K" on:click=open>
            <svg class="menu-icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true"><path d="M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L18 18"></path></svg>
            "Search" <kbd>"Ctrl K"</kbd>
        </a>
        <dialog class="palette" closedby="any" aria-label="Search" node_ref=state.dialog>
            <input type="search" role="combobox" aria-label="Search pages, commands and flags" aria-autocomplete="list"
                aria-expanded=move || (!state.found.read().is_empty()).to_string() aria-controls="palette-list"
                aria-activedescendant=move || (!state.found.read().is_empty()).then(|| format!("palette-{}", state.chosen.get()))
                placeholder="Pages, commands, flags, segments, incidents" autocomplete="off" spellcheck="false"
                node_ref=state.field
                on:input=move |event| state.search(event_target_value(&event))
                on:keydown=move |event| state.press(&event)/>
            <ul id="palette-list" role="listbox" aria-label="Results">
                {live(move || render_targets(state))}
            </ul>
            <button class="button button-small palette-close" type="button" on:click=move |_| state.close()>"Close"</button>
            {live(move || match state.problem.get() {
                Some(problem) => view! { <p class="hint" role="status">{problem}</p> }.into_any(),
                None => ().into_any(),
            })}
        </dialog>
    }
}

fn render_targets(state: PaletteState) -> AnyView {
    let targets = state.found.get();
    let rows = targets.into_iter().enumerate().map(|(index, target)| {
        let Target { kind, name, href } = target;
        let is_chosen = move || (state.chosen.get() == index).to_string();
        view! {
            <li id=format!("palette-{index}") role="option" aria-selected=is_chosen>
                <a href=href tabindex="-1"><span class="palette-name">{name}</span> <span class="hint">{kind}</span></a>
            </li>
        }
        .into_any()
    });
    rows.collect::<Vec<_>>().into_any()
}

/// The signals of the palette.
#[derive(Clone, Copy)]
struct PaletteState {
    dialog: NodeRef<html::Dialog>,
    field: NodeRef<html::Input>,
    environment: StoredValue<EnvironmentKey>,
    found: RwSignal<Vec<Target>>,
    /// The number of the chosen result.
    chosen: RwSignal<usize>,
    problem: RwSignal<Option<String>>,
    /// The number of the last search, so that an earlier answer does not replace a later one.
    asked: StoredValue<u32>,
    /// Whether the results are of an earlier query.
    is_stale: StoredValue<bool>,
    /// Whether Enter was pressed before the answer arrived.
    goes: StoredValue<bool>,
}

impl PaletteState {
    fn new(environment: EnvironmentKey) -> Self {
        Self {
            dialog: NodeRef::new(),
            field: NodeRef::new(),
            environment: StoredValue::new(environment),
            found: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(0),
            problem: RwSignal::new(None),
            asked: StoredValue::new(0),
            is_stale: StoredValue::new(false),
            goes: StoredValue::new(false),
        }
    }

    fn open(self) {
        let Some(dialog) = self.dialog.get_untracked() else { return };
        #[cfg(feature = "hydrate")]
        if !dialog.open() {
            // Refused only if it is open.
            let _ = dialog.show_modal();
            if let Some(field) = self.field.get_untracked() {
                field.select();
                self.search(field.value());
            }
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = dialog;
    }

    fn search(self, query: String) {
        let number = self.asked.with_value(|asked| asked.wrapping_add(1));
        self.asked.set_value(number);
        self.is_stale.set_value(true);
        self.goes.set_value(false);
        #[cfg(feature = "hydrate")]
        {
            let environment = self.environment.get_value();
            leptos::task::spawn_local(async move {
                let found = crate::server_fns::frame::find_targets(environment, query).await;
                if self.asked.get_value() != number {
                    return;
                }
                self.chosen.set(0);
                self.is_stale.set_value(false);
                let (found, problem) = match found {
                    Ok(found) if found.is_empty() => (found, Some("Nothing found.".to_owned())),
                    Ok(found) => (found, None),
                    Err(error) => (Vec::new(), Some(error.message)),
                };
                self.problem.set(problem);
                self.found.set(found);
                if self.goes.get_value() {
                    self.go();
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (query, self.environment);
    }

    /// Goes to the chosen result.
    fn go(self) {
        let found = self.found.read_untracked();
        if let Some(target) = found.get(self.chosen.get_untracked()) {
            // The address is one of this server.
            let _ = window().location().set_href(&target.href);
        }
    }

    fn close(self) {
        #[cfg(feature = "hydrate")]
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    /// Moves the choice with the arrow keys, and goes to it with Enter.
    fn press(self, event: &KeyboardEvent) {
        let count = self.found.read_untracked().len();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => {
                self.chosen.update(|chosen| *chosen = (*chosen + 1) % count);
            }
            "ArrowUp" if count > 0 => {
                self.chosen.update(|chosen| *chosen = (*chosen + count - 1) % count);
            }
            // Completes a word of an input method.
            "Enter" if event.is_composing() => return,
            "Enter" if self.is_stale.get_value() => self.goes.set_value(true),
            "Enter" => self.go(),
            // The field would only be emptied by it.
            "Escape" => self.close(),
            _ => return,
        }
        event.prevent_default();
    }
}
