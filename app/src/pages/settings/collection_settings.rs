//! The collection settings: which telemetry pages send.

use leptos::prelude::*;
use phasegate_domain::config::Switch;
use phasegate_service::collection_settings::{find_pinned_switch, read_collection_settings};

use crate::{
    parts::FnForm, request::Request, server_fns::collection_settings::SaveCollectionSettings,
};

/// Returns the name and the description of a switch.
fn describe_switch(switch: Switch) -> (&'static str, &'static str) {
    match switch {
        Switch::Analytics => {
            ("Analytics", "page views, exposures, feature use, tasks, custom events")
        }
        Switch::Performance => {
            ("Performance monitoring", "web vitals, timings of APIs and components")
        }
        Switch::Errors => ("Error tracking", "exceptions, failed requests, and their breadcrumbs"),
    }
}

/// The form of the collection settings; disabled unless `may_change`.
#[component]
pub(super) fn CollectionSettingsForm(request: Request, may_change: bool) -> impl IntoView {
    let stored =
        read_collection_settings(&request.service, &request.actor, request.environment).ok()?;
    let switches = Switch::ALL.map(|switch| {
        let holds = find_pinned_switch(&request.service, switch);
        let is_on = holds.map_or(stored.value.is_on(switch), |(_, is_on)| is_on);
        let (name, about) = describe_switch(switch);
        let lock = holds.map(|(variable, is_on)| {
            let position = if is_on { "on" } else { "off" };
            view! {
                <p class="hint">{format!("Pinned {position} by the environment variable ")}<code>{variable}</code>"."</p>
            }
        });
        view! {
            <li>
                <label class="field-inline">
                    <input type="checkbox" name=switch.as_str() value="true" checked=is_on
                        disabled=holds.is_some() || !may_change/>
                    <strong>{name}</strong>
                </label>
                <p class="hint">{about}</p>
                {lock}
            </li>
        }
    });
    let save = may_change.then(|| {
        view! {
            <button class="button" type="submit">"Save collection settings"</button>
        }
    });
    Some(view! {
        <section aria-labelledby="collection-settings-title" data-testid="collection-settings">
            <h2 id="collection-settings-title">"Collection settings"</h2>
            <p class="hint">"Changes reach open pages at once, which then neither collect nor send disabled data. Flags are evaluated and feedback is accepted in any case."</p>
            <FnForm<SaveCollectionSettings> class="stack">
                <input type="hidden" name="version" value=stored.version.to_string()/>
                <ul class="switches">{switches}</ul>
                <label class="field">
                    <span>"Sampled visits, %"</span>
                    <input type="number" name="sample_rate" min="0" max="100" step="0.001" required
                        value=stored.value.sample_rate.percent().to_string() disabled=!may_change/>
                </label>
                <p class="hint">"Each visit is sampled as a whole, independent of its events. Batches carry the sample rate; feedback is always sent."</p>
                {save}
            </FnForm<SaveCollectionSettings>>
        </section>
    })
}
