//! The individual overrides on a flag's page.

use std::sync::Arc;

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    flags::{Flag, IndividualOverride},
};
use phasegate_service::models::Versioned;

use crate::{components::Time, format, parts::EnvironmentField, request::percent_encode};

/// The individual overrides of a flag, and a form for a new one.
#[component]
pub(super) fn Overrides(
    flag: Flag,
    overrides: Vec<Versioned<Arc<IndividualOverride>>>,
    now: Timestamp,
    may_change: bool,
) -> impl IntoView {
    let action = format!("/admin/flags/{}", flag.key);
    let empty = overrides.is_empty().then(|| {
        view! { <p class="hint">"No individual overrides."</p> }
    });
    let count = format::format_quantity(overrides.len() as u64, "override", "overrides");
    // Overrides are for a few testers; the API lists all.
    let lines = overrides
        .into_iter()
        .take(50)
        .map(|Versioned { value, version }| {
            let expiry = match value.expires_at {
                None => view! { <span class="hint">"does not expire"</span> }.into_any(),
                Some(end) if end <= now => view! { <span class="pill">"Expired"</span> }.into_any(),
                Some(end) => view! { <span class="hint">"until " <Time at=end/></span> }.into_any(),
            };
            let href = format!("/admin/debugger?flag={}&user={}", value.flag, percent_encode(&value.targeting_key));
            let label = format!("Remove the override of {}", value.targeting_key);
            let remove = may_change.then(|| view! {
                <form method="post" action=action.clone()><EnvironmentField/>
                    <input type="hidden" name="user" value=value.targeting_key.clone()/>
                    <input type="hidden" name="version" value=version.to_string()/>
                    <button class="button button-small" name="do" value="forget" aria-label=label>"Remove"</button>
                </form>
            });
            view! {
                <li class="override">
                    <a href=href><code>{value.targeting_key.clone()}</code></a>
                    <span class="pill pill-live">{value.variant.to_string()}</span>
                    {expiry}
                    <span class="hint">{value.note.clone()}</span>
                    {remove}
                </li>
            }
        })
        .collect_view();
    let variants = flag
        .variants
        .iter()
        .map(|variant| {
            let name = variant.name.to_string();
            view! { <option value=name>{name.clone()}</option> }
        })
        .collect_view();
    let add = may_change.then(|| view! {
        <form class="filters" method="post" action=action.clone()><EnvironmentField/>
            <label class="field"><span>"User (targetingKey)"</span>
                <input type="text" name="user" required maxlength="500" autocomplete="off"/></label>
            <label class="field"><span>"Variant"</span><select name="variant">{variants}</select></label>
            <label class="field"><span>"Duration, hours (empty: no expiry)"</span>
                <input type="number" name="hours" min="1" max="87600" value="24"/></label>
            <label class="field"><span>"Note"</span>
                <input type="text" name="note" maxlength="200" autocomplete="off"/></label>
            <button class="button" name="do" value="override">"Add override"</button>
        </form>
    });
    view! {
        <section aria-labelledby="overrides-title">
            <h2 id="overrides-title">"Individual overrides"</h2>
            <p class="hint">"For manual tests: an override takes precedence over switch, rules and rollout. " {count} "."</p>
            {empty}
            <ul class="overrides">{lines}</ul>
            {add}
        </section>
    }
}
