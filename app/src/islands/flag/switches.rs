//! The switches of a flag, one for each environment.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::live,
    islands::{
        page_state::open_question,
        switch::{SwitchForm, render_switch},
    },
    models::FlagSwitch,
};

/// The environments with their switches.
#[component]
pub(super) fn Switches() -> impl IntoView {
    let page = Page::from_context();
    let switches = page.part(|page| page.switches.clone());
    let is_locked = page.part(|page| !page.can_decide || page.archived);
    view! {
        <section aria-labelledby="switches-title">
            <h2 id="switches-title">"Environments"</h2>
            <ul class="overrides">
                {live(move || {
                    let lines = switches.get().into_iter();
                    let lines = lines.map(|switch| render_line(page, switch, is_locked.get()));
                    lines.collect::<Vec<_>>().into_any()
                })}
            </ul>
        </section>
    }
}

fn render_line(page: Page, switch: FlagSwitch, is_disabled: bool) -> AnyView {
    let asked = open_question();
    let flag = page.peek(|page| page.key.clone());
    let FlagSwitch { environment, name, enabled, killed, version, asks } = switch;
    let here = format!("/admin/flags/{flag}");
    let confirm = format!("switch-{environment}");
    let is_asked = asked.get().as_ref() == Some(&confirm);
    let label = format!("{flag} in {name}");
    let form = SwitchForm { flag, label, enabled, version, is_disabled };
    let place = environment.to_string();
    let field =
        move || view! { <input type="hidden" name="environment" value=place.clone()/> }.into_any();
    let ask = asks.then(|| {
        let open = {
            let confirm = confirm.clone();
            move || asked.set(Some(confirm.clone()))
        };
        let href = format!("{here}?confirm={confirm}#switches-title");
        (href, Box::new(open) as Box<dyn Fn() + Send + Sync>)
    });
    let killed = killed.then(|| view! { <span class="pill pill-danger">"Killed"</span> });
    let question = (is_asked && !is_disabled).then(|| {
        let effect = if enabled {
            "All users get the off variant at once, regardless of rules and rollout."
        } else {
            "Its rules, then the rollout, decide again which variant each user gets."
        };
        let often = page.peek(|page| page.often.clone());
        let text = format!("{effect} There were {often} in the last 24 hours.");
        let close = Box::new(move || asked.set(None));
        form.render_question(page, &name, text, field(), &here, close)
    });
    view! {
        <li class="override">
            <strong>{name}</strong>
            {render_switch(page, form, field(), ask)}
            {killed}
            {question}
        </li>
    }
    .into_any()
}
