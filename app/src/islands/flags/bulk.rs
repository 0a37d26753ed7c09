//! One action on many flags, and the filters that the account has saved.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::live,
    models::{BulkAct, FlagLine},
    server_fns::flags::{ChangeMany, DeleteFilter, SaveFilter},
};

/// The id of the form, to which the boxes of the rows belong.
const FORM: &str = "bulk";

/// The box of a row that chooses its flag, at the version that the row shows.
pub(super) fn render_box(line: Memo<FlagLine>) -> AnyView {
    let label = format!("Choose {}", line.read_untracked().key);
    let value = Signal::derive(move || format!("{}@{}", line.read().key, line.read().version));
    view! { <input class="flag-box" type="checkbox" form=FORM name="flags[]" value=value aria-label=label/> }
        .into_any()
}

fn button(act: BulkAct, text: &'static str, class: &'static str) -> AnyView {
    view! { <button class=class type="submit" name="act" value=act.as_str()>{text}</button> }
        .into_any()
}

/// What can be done to the chosen flags.
#[component]
pub(super) fn Bulk() -> impl IntoView {
    let page = Page::from_context();
    let place = page.peek(|page| page.environment.clone());
    let danger = "button button-small button-danger";
    let fields = view! {
        <span class="hint">"With the chosen flags:"</span>
        <details class="bulk-act" name="bulk-act"><summary>"Switch"</summary>
            <div class="bulk-question">
                <p class="hint">{format!("It counts at once for all users of {place}. Flags that are off answer their off variant.")}</p>
                <span class="row">{button(BulkAct::SwitchOn, "Switch on", danger)} {button(BulkAct::SwitchOff, "Switch off", danger)}</span>
            </div>
        </details>
        <details class="bulk-act" name="bulk-act"><summary>"Tag"</summary>
            <div class="bulk-question">
                <label class="field"><span>"Tag"</span><input type="text" name="tag" maxlength="60" autocomplete="off"/></label>
                <span class="row">{button(BulkAct::Tag, "Add the tag", "button button-small")} {button(BulkAct::Untag, "Remove the tag", "button button-small")}</span>
            </div>
        </details>
        <details class="bulk-act" name="bulk-act"><summary>"Archive"</summary>
            <div class="bulk-question">
                <p class="hint">"Archived flags are evaluated in no environment: apps that still ask for them get the default in their own code."</p>
                <span class="row">{button(BulkAct::Archive, "Archive", danger)} {button(BulkAct::Unarchive, "Unarchive", "button button-small")}</span>
            </div>
        </details>
    };
    page.named_form::<ChangeMany>(FORM, "bulk", fields.into_any())
}

/// The saved filters, and the form that saves the present one.
#[component]
pub(super) fn SavedFilters() -> impl IntoView {
    let page = Page::from_context();
    let shown = page.part(|page| (page.saved.clone(), page.query.clone()));
    live(move || {
        let (saved, query) = shown.get();
        let is_new = !query.is_empty() && saved.iter().all(|(_, known)| *known != query);
        let save = is_new.then(|| {
            let fields = view! {
                <input type="hidden" name="query" value=query.clone()/>
                <label><span class="visually-hidden">"Name of the filter"</span>
                    <input class="small-input" type="text" name="name" placeholder="Save this filter as" maxlength="60" required autocomplete="off"/></label>
                <button class="button button-small" type="submit">"Save"</button>
            };
            page.form::<SaveFilter>("row row-middle", fields.into_any())
        });
        let chips: Vec<AnyView> = saved
            .into_iter()
            .map(|(name, known)| render_filter(page, name, known, &query))
            .collect();
        view! { <div class="saved-filters">{chips} {save}</div> }.into_any()
    })
}

fn render_filter(page: Page, name: String, query: String, present: &str) -> AnyView {
    let href = format!("/admin/flags?{query}");
    let is_shown = (query == present).then_some("true");
    let label = format!("Delete the filter {name}");
    let fields = view! {
        <input type="hidden" name="name" value=name.clone()/>
        <input type="hidden" name="query" value=query/>
        <button class="button button-quiet button-small" type="submit" aria-label=label>"✕"</button>
    };
    let delete = page.form::<DeleteFilter>("inline", fields.into_any());
    view! {
        <span class="saved-filter"><a class="pill" href=href rel="external" aria-current=is_shown>{name}</a> {delete}</span>
    }
    .into_any()
}
