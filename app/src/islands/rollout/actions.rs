//! The commands of the rollout. Their confirmation has an address (`?confirm=…`), so that it works
//! without a script; with one, it opens in place.

use leptos::prelude::*;

use super::{confirm::Confirm, page::Page};
use crate::{
    components::{Notice, live},
    islands::page_state::open_question,
    models::CommandChoice,
};

/// The buttons, or the confirmation of the command that was asked for.
#[component]
pub(super) fn Actions() -> impl IntoView {
    let page = Page::from_context();
    let asked = open_question();
    // Depends on what was asked only: a change of the rollout must not take the form away.
    live(move || {
        let Some(asked) = asked.get() else {
            return view! { <Buttons/> }.into_any();
        };
        let choice =
            page.peek(|page| page.commands.iter().find(|choice| choice.name == asked).cloned());
        match choice {
            Some(choice) => view! { <Confirm choice/> }.into_any(),
            // The back button, a reload or an old link: the command no longer applies.
            None => view! {
                <Notice>"This command was already carried out, or is no longer possible. The page shows the current state."</Notice>
                <Buttons/>
            }
            .into_any(),
        }
    })
}

#[component]
fn Buttons() -> impl IntoView {
    let page = Page::from_context();
    let commands = page.part(|page| page.commands.clone());
    let limit = page.part(|page| page.limit.clone());
    view! {
        <section class="actions" aria-label="Commands">
            {live(move || commands.get().into_iter().map(render_button).collect::<Vec<_>>().into_any())}
            {live(move || match limit.get() {
                None => ().into_any(),
                Some(limit) => {
                    let blocked = (!limit.label.is_empty()).then(|| {
                        view! { <button class="button" type="button" disabled>{limit.label}</button> }
                    });
                    view! { {blocked} <span class="hint">{limit.reason}</span> }.into_any()
                }
            })}
        </section>
    }
}

fn render_button(choice: CommandChoice) -> AnyView {
    let asked = open_question();
    let CommandChoice { name, label, class, .. } = choice;
    let href = format!("/admin/rollout?confirm={name}");
    let open = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        asked.set(Some(name.clone()));
    };
    view! { <a class=class href=href rel="external" on:click=open>{label}</a> }.into_any()
}
