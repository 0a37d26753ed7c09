//! A flag in the list.

use leptos::prelude::*;
use phasegate_domain::ids::FlagKey;

use super::{
    bulk::render_box,
    page::{AskedSwitch, Page},
};
use crate::{
    components::{Sparkline, live, live_text},
    islands::switch::{SwitchForm, render_switch},
    models::FlagLine,
};

/// A flag with its status, its use and its switch.
#[component]
pub(super) fn Row(key: FlagKey) -> impl IntoView {
    let page = Page::from_context();
    let find =
        move |page: &crate::models::FlagList| page.rows.iter().find(|row| row.key == key).cloned();
    let Some(first) = page.peek(&find) else { return ().into_any() };
    let line = page.part(move |page| find(page));
    let line = Memo::new(move |_| line.get().unwrap_or_else(|| first.clone()));
    let text = move |read: fn(&FlagLine) -> String| live_text(move || read(&line.read()));
    let FlagLine { key, .. } = line.get_untracked();
    let can_act = page.peek(|page| page.can_act);
    let menu = render_menu(&key);
    let href = format!("/admin/flags/{key}");
    let class = Signal::derive(move || if line.read().killed { "flag is-killed" } else { "flag" });
    view! {
        <li class=class>
            {can_act.then(|| render_box(line))}
            <div class="flag-text">
                <a class="flag-name" href=href rel="external">{text(|line| line.name.clone())}</a>
                <code class="flag-key">{key.to_string()}</code>
                <p class="hint">{text(|line| line.description.clone())}</p>
                <div class="chips">{live(move || render_tags(line.read().tags.clone()))}</div>
            </div>
            <div class="flag-usage">
                {live(move || view! { <Sparkline by_hour=line.read().by_hour.clone()/> }.into_any())}
                <span class="hint">{text(|line| line.often.clone())}</span>
            </div>
            <div class="flag-status">{live(move || render_status(line.get()))}</div>
            {menu}
            <div class="flag-switch">{live(move || render_line_switch(page, line.get()))}</div>
            {live(move || render_question(page, line.get()))}
        </li>
    }
    .into_any()
}

fn render_tags(tags: Vec<String>) -> AnyView {
    let tags = tags.into_iter().map(|tag| view! { <span class="chip">{tag}</span> }.into_any());
    tags.collect::<Vec<_>>().into_any()
}

/// What else can be done with a flag.
fn render_menu(key: &FlagKey) -> AnyView {
    let label = format!("More about {key}");
    let link = |href: String, text: &'static str| {
        view! { <a class="button button-small button-quiet" href=href rel="external">{text}</a> }
            .into_any()
    };
    let links = [
        link(format!("/admin/flags/{key}/edit"), "Edit"),
        link(format!("/admin/debugger?flag={key}"), "Debug"),
        link(format!("/admin/analytics?flag={key}"), "Analytics"),
        link(format!("/admin/audit?kind=flag&key={key}"), "Audit"),
    ];
    view! {
        <details class="row-menu" name="row-menu"><summary aria-label=label>"⋯"</summary>
            <div class="row-menu-items">{links.into_iter().collect::<Vec<_>>()}</div>
        </details>
    }
    .into_any()
}

fn render_status(line: FlagLine) -> AnyView {
    let lifecycle = (line.lifecycle != "Archived")
        .then(|| view! { <span class=line.lifecycle_class>{line.lifecycle}</span> });
    view! { <span class=line.class>{line.status}</span> {lifecycle} }.into_any()
}

fn switch_form(line: &FlagLine) -> SwitchForm {
    SwitchForm {
        flag: line.key.clone(),
        label: format!("{} ({})", line.name, line.key),
        enabled: line.enabled,
        version: line.version,
        is_disabled: false,
    }
}

/// The switch; where it reaches real users, it asks first.
fn render_line_switch(page: Page, line: FlagLine) -> AnyView {
    if !line.can_switch {
        return ().into_any();
    }
    let asked = asked_switch();
    let ask = page.peek(|page| page.asks).then(|| {
        let key = line.key.clone();
        let open = move || asked.set(Some(key.clone()));
        (format!("/admin/flags?switch={}", line.key), Box::new(open) as Box<dyn Fn() + Send + Sync>)
    });
    render_switch(page, switch_form(&line), page.environment_field().into_any(), ask)
}

#[allow(clippy::expect_used, reason = "the components of an island are only used in it")]
fn asked_switch() -> RwSignal<Option<FlagKey>> {
    let AskedSwitch(asked) = use_context().expect("the island provides it");
    asked
}

/// What the switch would do, and the button that does it.
fn render_question(page: Page, line: FlagLine) -> AnyView {
    let asked = asked_switch();
    if asked.read().as_ref() != Some(&line.key) || !line.can_switch {
        return ().into_any();
    }
    let environment = page.peek(|page| page.environment.clone());
    let close = move || asked.set(None);
    switch_form(&line).render_question(
        page,
        &environment,
        line.consequences,
        page.environment_field().into_any(),
        "/admin/flags",
        Box::new(close),
    )
}
