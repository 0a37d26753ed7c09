//! The history of a flag, and the restoring of earlier states.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::{Changes, Time, live},
    islands::page_state::open_question,
    models::FlagHistoryLine,
    server_fns::flags::RestoreFlag,
};

/// The newest changes, newest first.
#[component]
pub(super) fn History() -> impl IntoView {
    let page = Page::from_context();
    let lines = page.part(|page| page.history.clone());
    let href = page.peek(|page| format!("/admin/audit?kind=flag&key={}", page.key));
    view! {
        <section aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            <ol class="timeline" data-testid="flag-history">
                {live(move || {
                    let lines = lines.get().into_iter().map(|line| render_line(page, line));
                    lines.collect::<Vec<_>>().into_any()
                })}
            </ol>
            <p><a href=href rel="external">"Show the full history"</a></p>
        </section>
    }
}

fn render_line(page: Page, line: FlagHistoryLine) -> AnyView {
    let FlagHistoryLine { id, text, by, at, fields, restores } = line;
    let may = page.peek(|page| page.can_change) && !restores.is_empty();
    let restore = may.then(|| live(move || render_restore(page, id, restores.clone())));
    view! {
        <li class="timeline-line" id=format!("line-{id}")>
            <span class="timeline-what">{text}</span>
            <span class="hint">{by} ", " <Time at/></span>
            <Changes fields/>
            {restore}
        </li>
    }
    .into_any()
}

/// A link that restores the state before a change, or the question about it.
fn render_restore(
    page: Page,
    id: i64,
    fields: Vec<phasegate_domain::diff::FieldChange>,
) -> AnyView {
    let asked = open_question();
    let name = format!("restore-{id}");
    let key = page.peek(|page| page.key.to_string());
    let here = format!("/admin/flags/{key}");
    if asked.get().as_ref() != Some(&name) {
        let href = format!("{here}?confirm={name}#line-{id}");
        let open = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            asked.set(Some(name.clone()));
        };
        return view! {
            <p><a class="button button-small" href=href rel="external" on:click=open>"Restore the state before this …"</a></p>
        }
        .into_any();
    }
    let cancel = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        asked.set(None);
    };
    let buttons = view! {
        <input type="hidden" name="flag" value=key/>
        <input type="hidden" name="entry" value=id.to_string()/>
        <button class="button button-danger" type="submit" autofocus>"Restore this state"</button>
        <a class="button" href=here rel="external" on:click=cancel>"Cancel"</a>
    };
    view! {
        <div class="confirm" data-testid="way-back">
            <p>"Restoring would change:"</p>
            <Changes fields/>
            {page.form::<RestoreFlag>("row", buttons.into_any())}
        </div>
    }
    .into_any()
}
