//! The checklists of the start and of the current phase.

use leptos::prelude::*;
use phasegate_domain::ids::PhaseNumber;

use super::page::Page;
use crate::{
    components::{Time, live, live_text},
    models::{ChecklistLine, RolloutPage, TickLine},
    server_fns::rollout::{TickItem, UntickItem},
};

/// An item of a checklist, by its phase and text.
type Item = (Option<PhaseNumber>, String);

/// The groups with their items.
fn list_items(page: &RolloutPage) -> Vec<(String, Vec<Item>)> {
    let item = |line: &ChecklistLine| (line.phase, line.item.clone());
    let groups = page.checklist.iter();
    groups.map(|group| (group.name.clone(), group.items.iter().map(item).collect())).collect()
}

fn describe_progress(page: &RolloutPage) -> String {
    let lines = page.checklist.iter().flat_map(|group| &group.items);
    let done = lines.clone().filter(|line| line.tick.is_some()).count();
    format!("{done} of {} done", lines.count())
}

/// The checklist; nothing if it has no items.
#[component]
pub(super) fn Checklists() -> impl IntoView {
    let page = Page::from_context();
    let groups = page.part(list_items);
    let progress = page.part(describe_progress);
    live(move || {
        let groups = groups.get();
        if groups.is_empty() {
            return ().into_any();
        }
        let groups: Vec<AnyView> = groups.into_iter().map(render_group).collect();
        let progress = live_text(move || progress.get());
        view! {
            <section aria-labelledby="checklist-title" data-testid="checklist">
                <h2 id="checklist-title">"Checklist" " " <span class="hint">{progress}</span></h2>
                <div class="checklist">{groups}</div>
            </section>
        }
        .into_any()
    })
}

fn render_group((name, items): (String, Vec<Item>)) -> AnyView {
    let items: Vec<AnyView> =
        items.into_iter().map(|item| view! { <ItemLine item/> }.into_any()).collect();
    view! { <div class="checklist-group"><h3>{name}</h3><ul>{items}</ul></div> }.into_any()
}

#[component]
fn ItemLine(item: Item) -> impl IntoView {
    let page = Page::from_context();
    let may = page.peek(|page| page.can_act);
    let of = item.clone();
    let tick = page.part(move |page| {
        let mut lines = page.checklist.iter().flat_map(|group| &group.items);
        lines.find(|line| (line.phase, &line.item) == (of.0, &of.1)).and_then(|l| l.tick.clone())
    });
    let of = item.clone();
    let waived = page.part(move |page| {
        let mut lines = page.checklist.iter().flat_map(|group| &group.items);
        lines
            .find(|line| (line.phase, &line.item) == (of.0, &of.1))
            .and_then(|l| l.waived_by.clone())
    });
    let class = Signal::derive(move || {
        if tick.read().is_some() { "gate-line is-pass" } else { "gate-line is-asked" }
    });
    let name = item.1.clone();
    view! {
        <li class=class>
            <strong>{name}</strong>
            {live(move || match waived.get() {
                Some(by) => view! { <span class="hint">"waived at the start by " {by}</span> }.into_any(),
                None => ().into_any(),
            })}
            {live(move || match tick.get() {
                Some(tick) => {
                    let undo = may.then(|| view! { <UndoForm item=item.clone()/> });
                    view! { {render_tick(tick)} {undo} }.into_any()
                }
                None if may => view! { <TickForm item=item.clone()/> }.into_any(),
                None => ().into_any(),
            })}
        </li>
    }
}

fn render_tick(tick: TickLine) -> AnyView {
    let TickLine { by, at, link } = tick;
    let link = (!link.is_empty()).then(|| {
        let text = link.clone();
        view! { ", " <a href=link rel="external noreferrer">{text}</a> }
    });
    view! { <span class="hint">{by} ", " <Time at/> {link}</span> }.into_any()
}

/// The fields that name the item. An item of the start has no phase.
fn item_fields((phase, item): &Item) -> AnyView {
    let phase =
        phase.map(|phase| view! { <input type="hidden" name="phase" value=phase.to_string()/> });
    view! { {phase} <input type="hidden" name="item" value=item.clone()/> }.into_any()
}

#[component]
fn TickForm(item: Item) -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<TickItem>("row", view! {
                {item_fields(&item)}
                <label class="field field-wide"><span class="visually-hidden">"Link (optional)"</span>
                    <input type="url" name="link" placeholder="Link" maxlength="500"/></label>
                <button class="button" type="submit">"Mark as done"
                    <span class="visually-hidden">": "{item.1}</span></button>
    }.into_any())}
        }
}

#[component]
fn UndoForm(item: Item) -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<UntickItem>("", view! {
                {item_fields(&item)}
                <button class="button button-quiet" type="submit">"Undo"
                    <span class="visually-hidden">" “"{item.1}"”"</span></button>
    }.into_any())}
        }
}
