//! The actions that ask for confirmation: kill, archive and delete.

use leptos::{prelude::*, server_fn::ServerFn};

use super::page::Page;
use crate::{
    components::live,
    islands::page_state::open_question,
    server_fns::flags::{ArchiveFlag, DeleteFlag, KillFlag, ReviveFlag, UnarchiveFlag},
};

/// The state of the flag that decides which actions there are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    can_change: bool,
    can_decide: bool,
    killed: bool,
    archived: bool,
    definition: i64,
    state: i64,
}

/// The buttons, or the question about one.
#[component]
pub(super) fn DangerZone() -> impl IntoView {
    let page = Page::from_context();
    let asked = open_question();
    let state = page.part(|page| State {
        can_change: page.can_change,
        can_decide: page.can_decide,
        killed: page.killed,
        archived: page.archived,
        definition: page.definition,
        state: page.state,
    });
    live(move || {
        let state = state.get();
        if !state.can_change {
            return ().into_any();
        }
        let content = match asked.get().as_deref() {
            Some("kill") if state.can_decide && !state.killed => render_question::<KillFlag>(
                page,
                &state,
                "Kill the flag",
                "All users get the off variant at once, regardless of switch, rules, rollout and overrides. You can revive the flag here.",
            ),
            Some("archive") if !state.archived => render_question::<ArchiveFlag>(
                page,
                &state,
                "Archive the flag",
                "The flag is no longer evaluated in any environment. Apps that still ask for it get the default in their own code. You can unarchive it here.",
            ),
            Some("delete") => render_question::<DeleteFlag>(
                page,
                &state,
                "Delete the flag",
                "Deletes the flag with its rules and overrides in all environments. The audit log keeps its last state.",
            ),
            _ => render_buttons(page, &state),
        };
        view! {
            <section aria-labelledby="grave-title">
                <h2 id="grave-title">"Danger zone"</h2>
                {content}
            </section>
        }
        .into_any()
    })
}

/// The fields that name the flag at the version that the user sees.
fn render_fields(page: Page, state: &State) -> AnyView {
    let flag = page.peek(|page| page.key.to_string());
    view! {
        <input type="hidden" name="flag" value=flag/>
        <input type="hidden" name="definition" value=state.definition.to_string()/>
        <input type="hidden" name="state" value=state.state.to_string()/>
    }
    .into_any()
}

fn render_question<F: ServerFn>(
    page: Page,
    state: &State,
    title: &'static str,
    text: &'static str,
) -> AnyView {
    let asked = open_question();
    let here = page.peek(|page| format!("/admin/flags/{}", page.key));
    let cancel = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        asked.set(None);
    };
    let fields = view! {
        {render_fields(page, state)}
        <button class="button button-danger" type="submit" autofocus>{title}</button>
        <a class="button" href=here rel="external" on:click=cancel>"Cancel"</a>
    };
    view! {
        <div class="confirm" role="group" aria-labelledby="confirm-title">
            <h3 id="confirm-title">{title} "?"</h3>
            <p>{text}</p>
            {page.form::<F>("row", fields.into_any())}
        </div>
    }
    .into_any()
}

fn render_buttons(page: Page, state: &State) -> AnyView {
    let kill = match state.killed {
        _ if !state.can_decide => ().into_any(),
        true => render_reversal::<ReviveFlag>(page, state, "Revive"),
        false => render_link(page, "kill", "Kill …"),
    };
    let archive = match state.archived {
        true => render_reversal::<UnarchiveFlag>(page, state, "Unarchive"),
        false => render_link(page, "archive", "Archive …"),
    };
    view! { <div class="row">{kill} {archive} {render_link(page, "delete", "Delete …")}</div> }
        .into_any()
}

/// A button that ends a kill or an archiving; it needs no question.
fn render_reversal<F: ServerFn>(page: Page, state: &State, label: &'static str) -> AnyView {
    let fields = view! {
        {render_fields(page, state)}
        <button class="button" type="submit">{label}</button>
    };
    page.form::<F>("", fields.into_any())
}

fn render_link(page: Page, action: &'static str, label: &'static str) -> AnyView {
    let asked = open_question();
    let href = page.peek(|page| format!("/admin/flags/{}?confirm={action}#grave-title", page.key));
    let open = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        asked.set(Some(action.to_owned()));
    };
    view! { <a class="button button-danger" href=href rel="external" on:click=open>{label}</a> }
        .into_any()
}
