//! The checklists of the start and of the current phase.

use leptos::prelude::*;
use phasegate_domain::{
    accounts::Role,
    plan::ChecklistItem,
    reports::RolloutView,
    rollout::{ChecklistTick, RolloutStatus},
};

use crate::{components::Time, parts::Here};

/// The checklist of the start while the rollout is a draft, then that of the current phase.
#[component]
pub(super) fn Checklists(rollout: RolloutView) -> impl IntoView {
    let groups: Vec<(String, Vec<ChecklistItem>)> = match rollout.status() {
        RolloutStatus::Draft => {
            let item = |item: &String| ChecklistItem { phase: None, item: item.clone() };
            let group = |group: &phasegate_domain::plan::ChecklistGroup| {
                (group.name.clone(), group.items.iter().map(item).collect())
            };
            rollout.plan.checklist.iter().map(group).collect()
        }
        state => {
            let items =
                state.serving_phase().map(|phase| rollout.plan.checklist_items(Some(phase)));
            vec![("Required before the next phase".to_owned(), items.unwrap_or_default())]
        }
    };
    let all: Vec<&ChecklistItem> = groups.iter().flat_map(|(_, items)| items).collect();
    if all.is_empty() {
        return None;
    }
    let done = all.iter().filter(|item| rollout.state.record.find_tick(item).is_some()).count();
    let count = format!("{done} of {} done", all.len());
    let may = rollout.role >= Role::Operator;
    let groups = groups.iter().map(|(name, items)| {
        let lines = items.iter().map(|item| {
            let tick = rollout.state.record.find_tick(item).cloned();
            view! { <Item item=item.clone() tick may/> }
        });
        view! { <div class="checklist-group"><h3>{name.clone()}</h3><ul>{lines.collect_view()}</ul></div> }
    });
    Some(view! {
        <section aria-labelledby="checklist-title" data-testid="checklist">
            <h2 id="checklist-title">"Checklist" " " <span class="hint">{count}</span></h2>
            <div class="checklist">{groups.collect_view()}</div>
        </section>
    })
}

#[component]
fn Item(item: ChecklistItem, tick: Option<ChecklistTick>, may: bool) -> impl IntoView {
    let phase = item.phase.map(|phase| phase.to_string()).unwrap_or_default();
    let fields = view! {
        <Here/>
        <input type="hidden" name="phase" value=phase/>
        <input type="hidden" name="item" value=item.item.clone()/>
    };
    let name = item.item;
    match tick {
        Some(tick) => {
            let link = Some(tick.link.clone()).filter(|link| !link.is_empty());
            view! {
                <li class="gate-line is-pass">
                    <strong>{name.clone()}</strong>
                    <span class="hint">
                        {tick.by.0} ", " <Time at=tick.at/>
                        {link.map(|link| {
                            let text = link.clone();
                            view! { ", " <a href=link rel="external noreferrer">{text}</a> }
                        })}
                    </span>
                    {may.then(|| view! {
                        <form method="post" action="/admin/rollout">{fields}
                            <input type="hidden" name="add" value="untick"/>
                            <button class="button button-quiet" type="submit">"Undo"
                                <span class="visually-hidden">" “"{name}"”"</span></button>
                        </form>
                    })}
                </li>
            }
            .into_any()
        }
        None => view! {
            <li class="gate-line is-asked">
                <strong>{name.clone()}</strong>
                {may.then(|| view! {
                    <form method="post" action="/admin/rollout" class="row">{fields}
                        <input type="hidden" name="add" value="tick"/>
                        <label class="field field-wide"><span class="visually-hidden">"Link (optional)"</span>
                            <input type="url" name="link" placeholder="Link (optional)" maxlength="500"/></label>
                        <button class="button" type="submit">"Mark as done"
                            <span class="visually-hidden">": "{name}</span></button>
                    </form>
                })}
            </li>
        }
        .into_any(),
    }
}
