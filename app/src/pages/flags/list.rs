//! The list of flags, with search, filters and switches.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    flags::{FlagKind, Lifecycle},
    reports::FlagRow,
};
use phasegate_service::flags::list_flags;

use super::{actions, status::describe_flag_status};
use crate::{
    components::Sparkline,
    format,
    parts::{PageErrorNotice, render_page},
    request::{Form, Request, percent_encode},
};

/// Flags on one page.
const PAGE: usize = 100;

#[component]
pub(crate) fn FlagsPage() -> impl IntoView {
    view! {
        <Title text="Flags"/>
        {render_page(|request| async move {
            let refused = actions::switch_from_list(&request).await.err();
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
            let rows = list_flags(&request.service, &request.actor, request.environment).await?;
            let new = request.has_role(Role::Operator).then(|| view! {
                <a class="button button-primary" href="/admin/flags/new">"New flag"</a>
            });
            Ok(view! {
                <header class="page-head"><h1>"Flags"</h1> {new}</header>
                <p class="lead">
                    "A flag that is off returns its off variant to all users. A flag that is on follows \
                     its rules, then the rollout that adds it."
                </p>
                {refusal}
                <List rows request/>
            }
            .into_any())
        })}
    }
}

/// The filters of the list.
struct Filter {
    text: String,
    status: String,
    kind: Option<FlagKind>,
    tag: String,
}

impl Filter {
    fn new(query: &Form) -> Self {
        Self {
            text: query.get("q").to_owned(),
            status: query.get("status").to_owned(),
            kind: FlagKind::parse(query.get("kind")),
            tag: query.get("tag").to_owned(),
        }
    }

    fn admits(&self, row: &FlagRow) -> bool {
        let FlagRow { flag, .. } = row;
        let has_status = match self.status.as_str() {
            "on" => row.enabled && !row.state.killed && !flag.archived,
            "off" => !row.enabled && !flag.archived,
            "killed" => row.state.killed,
            "pinned" => row.variable.is_some(),
            "stale" => row.lifecycle == Lifecycle::Stale,
            "archived" => flag.archived,
            "all" => true,
            _ => !flag.archived,
        };
        has_status
            && self.kind.is_none_or(|kind| kind == flag.kind)
            && flag.matches_search(&self.text, &self.tag)
    }
}

#[component]
fn List(rows: Vec<FlagRow>, request: Request) -> impl IntoView {
    let query = request.query.clone();
    if rows.is_empty() {
        return view! {
            <div class="empty">
                <p>"No flags yet."</p>
                <p><a class="button button-primary" href="/admin/flags/new">"Create a flag"</a></p>
            </div>
        }
        .into_any();
    }
    let mut tags: Vec<String> = rows.iter().flat_map(|row| row.flag.tags.clone()).collect();
    tags.sort();
    tags.dedup();
    let filter = Filter::new(&query);
    let found: Vec<FlagRow> = rows.into_iter().filter(|row| filter.admits(row)).collect();
    let count = found.len();
    let number =
        query.get("page").parse::<usize>().unwrap_or(1).clamp(1, count.div_ceil(PAGE).max(1));
    let may_switch = request.has_role(Role::Operator);
    let asked = format!("{}page={number}", format_filter_query(&query));
    let shown = found
        .into_iter()
        .skip((number - 1) * PAGE)
        .take(PAGE)
        .map(|row| view! { <Row row may_switch asked=asked.clone()/> })
        .collect_view();
    let list = if count == 0 {
        view! { <p class="empty">"No flags match these filters. " <a href="/admin/flags">"Show all"</a></p> }.into_any()
    } else {
        view! { <ul class="flag-list">{shown}</ul> }.into_any()
    };
    view! {
        <Filters query=query.clone() tags/>
        <p class="hint">{format::format_quantity(count as u64, "flag", "flags")}</p>
        {list}
        <Pages query number pages=count.div_ceil(PAGE)/>
    }
    .into_any()
}

#[component]
fn Filters(query: Form, tags: Vec<String>) -> impl IntoView {
    let options = |name: &'static str, choices: Vec<(String, String)>| {
        let chosen = query.get(name).to_owned();
        choices
            .into_iter()
            .map(|(value, text)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{text}</option> }
            })
            .collect_view()
    };
    let pair = |value: &str, text: &str| (value.to_owned(), text.to_owned());
    let statuses = vec![
        pair("", "in use"),
        pair("on", "on"),
        pair("off", "off"),
        pair("killed", "killed"),
        pair("pinned", "environment override"),
        pair("stale", "stale"),
        pair("archived", "archived"),
        pair("all", "all"),
    ];
    let mut kinds = vec![pair("", "any")];
    kinds.extend(FlagKind::ALL.map(|kind| pair(kind.as_str(), kind.as_str())));
    let mut all_tags = vec![pair("", "any")];
    all_tags.extend(tags.into_iter().map(|tag| (tag.clone(), tag)));
    view! {
        <form class="filters" method="get" action="/admin/flags" role="search">
            <label class="field field-wide">
                <span>"Search"</span>
                <input type="search" name="q" value=query.get("q").to_owned() autocomplete="off"
                    placeholder="key, name, description, owner"/>
            </label>
            <label class="field"><span>"Status"</span><select name="status">{options("status", statuses)}</select></label>
            <label class="field"><span>"Kind"</span><select name="kind">{options("kind", kinds)}</select></label>
            <label class="field"><span>"Tag"</span><select name="tag">{options("tag", all_tags)}</select></label>
            <button class="button" type="submit">"Apply filters"</button>
        </form>
    }
}

/// Returns the filters as parameters of a URL, each followed by `&`.
fn format_filter_query(query: &Form) -> String {
    let asked =
        ["q", "status", "kind", "tag"].into_iter().filter(|name| !query.get(name).is_empty());
    asked.map(|name| format!("{name}={}&", percent_encode(query.get(name)))).collect()
}

#[component]
fn Pages(query: Form, number: usize, pages: usize) -> impl IntoView {
    if pages < 2 {
        return ().into_any();
    }
    let link = |number: usize, text: &'static str| {
        let href = format!("/admin/flags?{}page={number}", format_filter_query(&query));
        view! { <a class="button" href=href>{text}</a> }
    };
    let before = (number > 1).then(|| link(number - 1, "Previous"));
    let after = (number < pages).then(|| link(number + 1, "Next"));
    view! {
        <nav class="row" aria-label="More flags">
            {before} <span class="hint">{format!("Page {number} of {pages}")}</span> {after}
        </nav>
    }
    .into_any()
}

#[component]
fn Row(row: FlagRow, may_switch: bool, asked: String) -> impl IntoView {
    let (status, class) = describe_flag_status(&row);
    let FlagRow { flag, usage, lifecycle, .. } = row;
    let href = format!("/admin/flags/{}", flag.key);
    let often = match usage.count_last_day() {
        0 => "no evaluations in 24 h".to_owned(),
        count => format!("{} evaluations in 24 h", format::format_count(count)),
    };
    let tags = flag.tags.iter().map(|tag| view! { <span class="chip">{tag.clone()}</span> });
    let stale = (lifecycle == Lifecycle::Stale)
        .then(|| view! { <span class="pill pill-warning">"Stale"</span> });
    // A switch would not change an environment override.
    let switch = (may_switch && !flag.archived && row.variable.is_none()).then(|| {
        actions::render_switch(&flag.key, &flag.name, row.enabled, row.state.version, &asked)
    });
    view! {
        <li class="flag">
            <div class="flag-text">
                <a class="flag-name" href=href>{flag.name.clone()}</a>
                <code class="flag-key">{flag.key.to_string()}</code>
                <p class="hint">{flag.description}</p>
                <div class="chips">{tags.collect_view()}</div>
            </div>
            <div class="flag-usage">
                <Sparkline by_hour=usage.by_hour/>
                <span class="hint">{often}</span>
            </div>
            <div class="flag-status"><span class=class>{status}</span> {stale}</div>
            <div class="flag-switch">{switch}</div>
        </li>
    }
}
