//! The flags: on or off, and what a user would get.

mod explain;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::flags::FlagRow;

use self::explain::Explain;
use crate::{
    api::{self, SwitchFlag},
    components::{ErrorNotice, reload_count},
};

/// The page.
#[component]
pub(crate) fn FlagsPage() -> impl IntoView {
    let switch = ServerAction::<SwitchFlag>::new();
    let reload = reload_count(switch);
    let flags = Resource::new(move || reload.get(), |_| api::list_flags());
    let refusal = move || {
        switch.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })
    };
    view! {
        <Title text="Flags"/>
        <div class="page">
            <header class="page-head"><h1>"Flags"</h1></header>
            <p class="lead">
                "A flag that is on follows the rollout; one that is off gives everyone its off variant, at once."
            </p>
            {refusal}
            <Transition fallback=|| view! { <p class="hint">"Loading the flags …"</p> }>
                {move || Suspend::new(async move {
                    match flags.await {
                        Ok(flags) => view! { <List flags switch/> }.into_any(),
                        Err(error) => view! { <ErrorNotice error/> }.into_any(),
                    }
                })}
            </Transition>
            <Explain version=reload/>
        </div>
    }
}

#[component]
fn List(flags: Vec<FlagRow>, switch: ServerAction<SwitchFlag>) -> impl IntoView {
    if flags.is_empty() {
        return view! { <p class="empty">"There are no flags yet. Loading a plan brings them."</p> }
            .into_any();
    }
    let rows = flags.into_iter().map(|row| view! { <Row row switch/> }).collect_view();
    view! { <ul class="flag-list">{rows}</ul> }.into_any()
}

#[component]
fn Row(row: FlagRow, switch: ServerAction<SwitchFlag>) -> impl IntoView {
    let FlagRow { flag, state, added_in, is_reached } = row;
    let status = match (state.enabled, added_in, is_reached) {
        (false, _, _) => "Off for everyone".to_owned(),
        (true, Some(phase), true) => format!("Served since phase {phase}"),
        (true, Some(phase), false) => format!("Waits for phase {phase}"),
        (true, None, _) => "Default for everyone".to_owned(),
    };
    let is_live = state.enabled && is_reached;
    let (checked, next) = if state.enabled { ("true", "false") } else { ("false", "true") };
    view! {
        <li class="flag">
            <div class="flag-text">
                <div class="flag-name">{flag.name.clone()}</div>
                <code class="flag-key">{flag.key.to_string()}</code>
                <p class="hint">{flag.description}</p>
            </div>
            <span class=if is_live { "pill pill-live" } else { "pill" }>{status}</span>
            <ActionForm action=switch attr:class="flag-switch">
                <input type="hidden" name="flag" value=flag.key.to_string()/>
                <input type="hidden" name="enabled" value=next/>
                <input type="hidden" name="version" value=state.version.to_string()/>
                <button class="switch" type="submit" role="switch" aria-checked=checked
                    disabled=move || switch.pending().get()
                    aria-label=format!("{} ({})", flag.name, flag.key)>
                    <span class="switch-knob"></span>
                </button>
            </ActionForm>
        </li>
    }
}
