//! The page of a flag: targeting, evaluation counts, switches, overrides, history and its end.

mod code;
mod danger;
mod graph;
mod history;
mod overrides;
mod page;
mod switches;

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;

use self::{
    code::Code, danger::DangerZone, graph::Graph, history::History, overrides::Overrides,
    page::Page, switches::Switches,
};
use super::page_state::provide_question;
use crate::{
    components::{Sparkline, Time, live, live_text},
    models::{Done, FlagPage},
};

/// The whole page of a flag.
#[island(lazy)]
pub(crate) fn LiveFlag(
    first: FlagPage,
    environment: EnvironmentKey,
    /// What the address asks to confirm: an action, `restore-7`, or `switch-staging`.
    asked: Option<String>,
    /// What a form without a script has just done.
    done: Option<Done>,
) -> impl IntoView {
    let page = Page::provide(first, environment, done);
    provide_question(asked);
    page.follow_state();
    view! {
        <Head/>
        {page.render_done()}
        <Warnings/>
        <Summary/>
        <Targeting/>
        <Graph/>
        <Evaluations/>
        <Code/>
        <Switches/>
        <Overrides/>
        <History/>
        <DangerZone/>
    }
}

#[component]
fn Head() -> impl IntoView {
    let page = Page::from_context();
    let key = page.peek(|page| page.key.to_string());
    let status = page.part(|page| (page.status.clone(), page.class.clone()));
    let can_edit = page.part(|page| page.can_change && !page.archived);
    let edit = format!("/admin/flags/{key}/edit");
    let debug = format!("/admin/debugger?flag={key}");
    view! {
        <header class="page-head">
            <h1><code>{key}</code></h1>
            <span class=move || status.get().1 data-testid="flag-status">{live_text(move || status.get().0)}</span>
            {live(move || match can_edit.get() {
                true => view! { <a class="button button-primary" href=edit.clone() rel="external">"Edit"</a> }.into_any(),
                false => ().into_any(),
            })}
            <a class="button" href=debug rel="external">"Debug"</a>
        </header>
    }
}

/// What stands in the way of changes, and what should be done about the flag.
#[component]
fn Warnings() -> impl IntoView {
    let page = Page::from_context();
    let pinned = page.part(|page| page.pinned.clone());
    let advice = page.part(|page| page.advice.clone());
    view! {
        {live(move || match pinned.get() {
            None => ().into_any(),
            Some(variable) => view! {
                <p class="notice notice-warning">
                    "The environment variable " <code>{variable}</code>
                    " pins the answer. Switches and overrides are locked, and other changes have no effect. \
                     To unlock the flag, restart the server without the variable."
                </p>
            }
            .into_any(),
        })}
        {live(move || match advice.get() {
            None => ().into_any(),
            Some(advice) => view! { <p class="notice notice-warning">{advice}</p> }.into_any(),
        })}
    }
}

#[component]
fn Summary() -> impl IntoView {
    let page = Page::from_context();
    let lead = page.part(|page| page.lead.clone());
    let facts = page.part(|page| page.facts.clone());
    let tags = page.part(|page| page.tags.clone());
    let times = page.part(|page| (page.created_at, page.changed_at));
    view! {
        <p class="lead">{live_text(move || lead.get())}</p>
        {live(move || {
            let facts = facts.get().into_iter();
            let facts: Vec<AnyView> = facts
                .map(|(title, text)| view! { <div><dt>{title}</dt><dd>{text}</dd></div> }.into_any())
                .collect();
            let tags = tags.get().into_iter();
            let tags: Vec<AnyView> =
                tags.map(|tag| view! { <span class="chip">{tag}</span> }.into_any()).collect();
            let (created_at, changed_at) = times.get();
            view! {
                <dl class="facts">
                    {facts}
                    <div><dt>"Tags"</dt><dd class="chips">{tags}</dd></div>
                    <div><dt>"Created, changed"</dt><dd><Time at=created_at/> ", " <Time at=changed_at/></dd></div>
                </dl>
            }
            .into_any()
        })}
    }
}

#[component]
fn Targeting() -> impl IntoView {
    let page = Page::from_context();
    let words = page.part(|page| page.words.clone());
    let needed_by = page.part(|page| page.needed_by.clone());
    view! {
        <section aria-labelledby="words-title">
            <h2 id="words-title">"Targeting"</h2>
            <ol class="words" data-testid="words">
                {live(move || {
                    let words = words.get().into_iter();
                    words.map(|line| view! { <li>{line}</li> }.into_any()).collect::<Vec<_>>().into_any()
                })}
            </ol>
            {live(move || match needed_by.get() {
                keys if keys.is_empty() => ().into_any(),
                keys => view! { <p class="hint">"Prerequisite of " {keys} "."</p> }.into_any(),
            })}
        </section>
    }
}

/// The evaluations of the last 24 hours, by variant.
#[component]
fn Evaluations() -> impl IntoView {
    let page = Page::from_context();
    let counts = page.part(|page| (page.by_hour.clone(), page.often.clone()));
    let variants = page.part(|page| page.variants.clone());
    let debug = page.peek(|page| format!("/admin/debugger?flag={}", page.key));
    let row = |(name, value, count, share): (String, String, String, String)| {
        view! {
            <tr>
                <th scope="row"><code>{name}</code></th>
                <td><code>{value}</code></td>
                <td class="is-number">{count}</td>
                <td class="is-number">{share}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="affected-title">
            <h2 id="affected-title">"Evaluations (24 h)"</h2>
            {live(move || {
                let (by_hour, often) = counts.get();
                view! {
                    <div class="row row-middle"><Sparkline by_hour/> <span>{often} " in the last 24 hours"</span></div>
                }
                .into_any()
            })}
            <div class="table-scroll" tabindex="0" role="region" aria-label="Evaluations by variant">
                <table data-testid="affected">
                    <thead><tr>
                        <th scope="col">"Variant"</th><th scope="col">"Value"</th>
                        <th scope="col">"Evaluations"</th><th scope="col">"Share"</th>
                    </tr></thead>
                    <tbody>{live(move || variants.get().into_iter().map(row).collect::<Vec<_>>().into_any())}</tbody>
                </table>
            </div>
            <p class="hint">
                "Counts evaluations, not users. For the variants of individual users, paste their IDs into the "
                <a href=debug rel="external">"debugger"</a>
                "."
            </p>
        </section>
    }
}
