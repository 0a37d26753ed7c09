//! The individual overrides of a flag, and a form for a new one.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::{Time, live, live_text},
    models::OverrideLine,
    server_fns::overrides::{DeleteOverride, SaveOverride},
};

/// The overrides, and the form of a new one.
#[component]
pub(super) fn Overrides() -> impl IntoView {
    let page = Page::from_context();
    let lines = page.part(|page| page.overrides.clone());
    let count = page.part(|page| page.override_count.clone());
    let can_decide = page.part(|page| page.can_decide);
    view! {
        <section aria-labelledby="overrides-title">
            <h2 id="overrides-title">"Individual overrides"</h2>
            <p class="hint">"For manual tests: an override takes precedence over switch, rules and rollout. "
                {live_text(move || count.get())} "."</p>
            <ul class="overrides">
                {live(move || {
                    let may = can_decide.get();
                    let lines = lines.get().into_iter().map(|line| render_line(page, line, may));
                    lines.collect::<Vec<_>>().into_any()
                })}
            </ul>
            {live(move || match can_decide.get() {
                true => render_new_form(page),
                false => ().into_any(),
            })}
        </section>
    }
}

fn flag_field(page: Page) -> AnyView {
    let flag = page.peek(|page| page.key.to_string());
    view! { <input type="hidden" name="flag" value=flag/> }.into_any()
}

fn render_line(page: Page, line: OverrideLine, may: bool) -> AnyView {
    let OverrideLine { user, variant, expires_at, has_expired, note, version, href } = line;
    let expiry = match expires_at {
        None => view! { <span class="hint">"does not expire"</span> }.into_any(),
        Some(_) if has_expired => view! { <span class="pill">"Expired"</span> }.into_any(),
        Some(at) => view! { <span class="hint">"until " <Time at/></span> }.into_any(),
    };
    let remove = may.then(|| {
        let label = format!("Remove the override of {user}");
        let fields = view! {
            {flag_field(page)}
            <input type="hidden" name="user" value=user.clone()/>
            <input type="hidden" name="version" value=version.to_string()/>
            <button class="button button-small" type="submit" aria-label=label>"Remove"</button>
        };
        page.form::<DeleteOverride>("", fields.into_any())
    });
    view! {
        <li class="override">
            <a href=href rel="external"><code>{user}</code></a>
            <span class="pill pill-live">{variant}</span>
            {expiry}
            <span class="hint">{note}</span>
            {remove}
        </li>
    }
    .into_any()
}

fn render_new_form(page: Page) -> AnyView {
    let names =
        page.peek(|page| page.variants.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>());
    let option = |name: String| {
        let value = name.clone();
        view! { <option value=value>{name}</option> }.into_any()
    };
    let variants: Vec<AnyView> = names.into_iter().map(option).collect();
    let fields = view! {
        {flag_field(page)}
        <label class="field"><span>"User (targetingKey)"</span>
            <input type="text" name="user" required maxlength="500" autocomplete="off"/></label>
        <label class="field"><span>"Variant"</span><select name="variant">{variants}</select></label>
        <label class="field"><span>"Duration, hours (empty: no expiry)"</span>
            <input type="number" name="hours" min="1" max="87600" value="24"/></label>
        <label class="field"><span>"Note"</span>
            <input type="text" name="note" maxlength="200" autocomplete="off"/></label>
        <button class="button" type="submit">"Add override"</button>
    };
    page.form::<SaveOverride>("filters", fields.into_any())
}
