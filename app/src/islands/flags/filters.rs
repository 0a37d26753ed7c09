//! The filters of the list, and its pages. Both are addresses, so that a list can be shared.

use leptos::prelude::*;
use phasegate_domain::flags::FlagKind;

use super::page::Page;
use crate::components::live;

const STATUSES: [(&str, &str); 10] = [
    ("", "in use"),
    ("on", "on"),
    ("off", "off"),
    ("killed", "killed"),
    ("pinned", "environment override"),
    ("new", "new"),
    ("clean", "ready to clean up"),
    ("stale", "stale"),
    ("archived", "archived"),
    ("all", "all"),
];

const ORDERS: [(&str, &str); 4] =
    [("", "phase"), ("name", "name"), ("key", "key"), ("used", "most evaluated")];

fn render_options(choices: Vec<(String, String)>, chosen: &str) -> AnyView {
    let option = |(value, text): (String, String)| {
        let is_chosen = value == chosen;
        view! { <option value=value selected=is_chosen>{text}</option> }.into_any()
    };
    choices.into_iter().map(option).collect::<Vec<_>>().into_any()
}

fn own(choices: &[(&str, &str)]) -> Vec<(String, String)> {
    choices.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect()
}

/// The form of the filters.
#[component]
pub(super) fn Filters() -> impl IntoView {
    let page = Page::from_context();
    let (filter, tags) = page.peek(|page| (page.filter.clone(), page.tags.clone()));
    let mut kinds = own(&[("", "any")]);
    kinds.extend(FlagKind::ALL.map(|kind| (kind.as_str().to_owned(), kind.as_str().to_owned())));
    let mut all_tags = own(&[("", "any")]);
    all_tags.extend(tags.into_iter().map(|tag| (tag.clone(), tag)));
    view! {
        <form class="filters" method="get" action="/admin/flags" role="search">
            <label class="field field-wide">
                <span>"Search"</span>
                <input type="search" name="q" value=filter.q autocomplete="off"
                    placeholder="key, name, description, owner"/>
            </label>
            <label class="field"><span>"Status"</span>
                <select name="status">{render_options(own(&STATUSES), &filter.status)}</select></label>
            <label class="field"><span>"Kind"</span>
                <select name="kind">{render_options(kinds, &filter.kind)}</select></label>
            <label class="field"><span>"Tag"</span>
                <select name="tag">{render_options(all_tags, &filter.tag)}</select></label>
            <label class="field"><span>"Sort by"</span>
                <select name="sort">{render_options(own(&ORDERS), &filter.sort)}</select></label>
            <button class="button" type="submit">"Apply filters"</button>
        </form>
    }
}

/// Links to the page before and after.
#[component]
pub(super) fn Pages() -> impl IntoView {
    let page = Page::from_context();
    let place = page.part(|page| (page.filter.page, page.pages));
    let links = page.part(|page| (page.previous.clone(), page.next.clone()));
    live(move || {
        let ((number, pages), (previous, next)) = (place.get(), links.get());
        if pages < 2 {
            return ().into_any();
        }
        let link = |href: Option<String>, text: &'static str| {
            href.map(|href| view! { <a class="button" href=href rel="external">{text}</a> })
        };
        view! {
            <nav class="row" aria-label="More flags">
                {link(previous, "Previous")} <span class="hint">{format!("Page {number} of {pages}")}</span> {link(next, "Next")}
            </nav>
        }
        .into_any()
    })
}
