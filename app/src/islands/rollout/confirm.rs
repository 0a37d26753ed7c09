//! The confirmation of a command.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::live, islands::page_state::open_question, models::CommandChoice,
    server_fns::rollout::ExecuteCommand,
};

/// Says what the command does, and sends it. Once the rollout has moved on, the button is disabled:
/// the command would be about a state that the user has not seen.
#[component]
pub(super) fn Confirm(choice: CommandChoice) -> impl IntoView {
    let page = Page::from_context();
    let asked = open_question();
    let version = page.peek(|page| page.version);
    let is_stale = page.part(move |page| page.version != version);
    let close = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        asked.set(None);
    };
    let newest = page.part(|page| {
        let line = page.history.iter().find(|line| !line.is_beside);
        line.map(|line| format!("{}: {}", line.by, line.text)).unwrap_or_default()
    });
    let stale = live(move || match is_stale.get() {
        false => ().into_any(),
        true => view! {
            <p class="notice notice-warning" role="alert">
                "The rollout has changed since this was opened. " {newest.get()}
                " Cancel, look at the current state, and decide again."
            </p>
        }
        .into_any(),
    });
    let CommandChoice {
        kind,
        label,
        confirm_class,
        consequences,
        reach,
        overrides,
        needs_reason,
        ..
    } = choice;
    let reason = if needs_reason { "Reason (required)" } else { "Reason (optional)" };
    let title = label.clone();
    let fields = view! {
        <input type="hidden" name="kind" value=kind.as_str()/>
        <input type="hidden" name="version" value=version.to_string()/>
        <label class="field">
            <span>{reason}</span>
            <input type="text" name="reason" maxlength="500" required=needs_reason autofocus/>
        </label>
        <div class="row">
            <button class=confirm_class type="submit" disabled=is_stale>{label}</button>
            <a class="button" href="/admin/rollout" rel="external" on:click=close>"Cancel"</a>
        </div>
    };
    let form =
        page.form_then::<ExecuteCommand>("stack", fields.into_any(), move || asked.set(None));
    view! {
        <section class="confirm" aria-labelledby="confirm-title">
            <h2 id="confirm-title">{title} "?"</h2>
            <p>{consequences}</p>
            {reach.map(|text| view! { <p data-testid="reach">{text}</p> })}
            {render_open_incidents(page, kind.gives_features())}
            {render_overrides(overrides)}
            {stale}
            {form}
        </section>
    }
}

/// The incidents that are open, before more users get something.
fn render_open_incidents(page: Page, gives_features: bool) -> AnyView {
    let open = page.peek(|page| page.incidents.clone());
    if open.is_empty() || !gives_features {
        return ().into_any();
    }
    let lines: Vec<AnyView> = open
        .into_iter()
        .map(|incident| {
            let text =
                format!("Incident {}: {} – {}", incident.id, incident.title, incident.reason);
            view! { <li>{text}</li> }.into_any()
        })
        .collect();
    view! {
        <div class="confirm-warning" data-testid="confirm-incidents">
            <p>"Incidents are open:"</p>
            <ul class="criteria">{lines}</ul>
        </div>
    }
    .into_any()
}

fn render_overrides(lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    let lines: Vec<AnyView> =
        lines.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect();
    view! {
        <div class="confirm-warning">
            <p>"Conditions of the plan are not met:"</p>
            <ul class="criteria">{lines}</ul>
            <p>"Continuing overrides the plan. The audit log records your name and reason."</p>
        </div>
    }
    .into_any()
}
