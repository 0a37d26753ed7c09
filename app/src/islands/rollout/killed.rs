//! What a kill leaves behind, and how it is taken back.

use leptos::prelude::*;

use super::page::Page;
use crate::{components::live, server_fns::rollout::ReviveFlags};

/// The killed flags, with the button that revives them; nothing if none is killed.
#[component]
pub(super) fn KilledFlags() -> impl IntoView {
    let page = Page::from_context();
    let killed = page.part(|page| page.killed.clone());
    live(move || {
        let killed = killed.get();
        if killed.is_empty() {
            return ().into_any();
        }
        let label = match killed.len() {
            1 => "Revive the flag".to_owned(),
            count => format!("Revive {count} flags"),
        };
        // Those that the page shows: a flag that is killed later is left alone.
        let fields: Vec<AnyView> = killed
            .iter()
            .map(|key| view! { <input type="hidden" name="flags[]" value=key.clone()/> }.into_any())
            .collect();
        let flags: Vec<AnyView> = killed
            .into_iter()
            .map(|key| view! { <code class="chip">{key}</code> }.into_any())
            .collect();
        let revive = page.peek(|page| page.can_act).then(|| {
            let fields = view! {
                {fields}
                <details><summary>"Revive …"</summary>
                    <p class="hint">"It counts at once for all users. Make sure that what went wrong is mended."</p>
                    <button class="button button-danger" type="submit">{label}</button>
                </details>
            };
            page.form::<ReviveFlags>("", fields.into_any())
        });
        view! {
            <section class="notice notice-error stack" aria-labelledby="killed-title" data-testid="killed">
                <h2 id="killed-title">"Killed"</h2>
                <p>"All users get the off variants of these flags, whatever the rollout says. Reviving them gives the phase back to its users."</p>
                <div class="chips">{flags}</div>
                {revive}
            </section>
        }
        .into_any()
    })
}
