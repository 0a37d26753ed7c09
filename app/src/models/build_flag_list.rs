//! Builds the list of flags.

use std::cmp::Reverse;

use phasegate_domain::{
    Timestamp,
    flags::{FlagKind, Lifecycle},
    reports::FlagRow,
};

use super::{FlagFilter, FlagLine, FlagList};
use crate::{format, format::percent_encode};

/// Flags on one page.
const PAGE: usize = 100;

/// The environment, time and account that a list is made for.
pub(crate) struct ListContext {
    pub(crate) at: Timestamp,
    pub(crate) environment: String,
    pub(crate) asks: bool,
    pub(crate) can_act: bool,
    pub(crate) saved: Vec<(String, String)>,
}

/// Filters and sorts the flags, and describes those of the page that is asked for.
pub(crate) fn build_flag_list(
    rows: Vec<FlagRow>,
    mut filter: FlagFilter,
    context: ListContext,
) -> FlagList {
    let mut tags: Vec<String> = rows.iter().flat_map(|row| row.flag.tags.clone()).collect();
    tags.sort();
    tags.dedup();
    let is_empty = rows.is_empty();
    let mut found: Vec<FlagRow> = rows.into_iter().filter(|row| admits(&filter, row)).collect();
    sort_rows(&mut found, &filter.sort);
    let (count, pages) = (found.len(), found.len().div_ceil(PAGE).max(1));
    filter.page = filter.page.clamp(1, pages);
    let ListContext { at, environment, asks, can_act, saved } = context;
    let shown = found.into_iter().skip((filter.page - 1) * PAGE).take(PAGE);
    let rows = shown.map(|row| build_line(row, can_act)).collect();
    let link = |number| (1..=pages).contains(&number).then(|| format_address(&filter, number));
    let (previous, next) = (link(filter.page - 1), link(filter.page + 1));
    FlagList {
        at,
        environment,
        asks,
        can_act,
        rows,
        tags,
        is_empty,
        count,
        pages,
        saved,
        query: format_query(&filter),
        previous,
        next,
        filter,
    }
}

/// Formats the filters as the query of an address; empty if nothing is filtered.
fn format_query(filter: &FlagFilter) -> String {
    let FlagFilter { q, status, kind, tag, sort, .. } = filter;
    let fields = [("q", q), ("status", status), ("kind", kind), ("tag", tag), ("sort", sort)];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let fields = fields.map(|(name, value)| format!("{name}={}", percent_encode(value)));
    fields.collect::<Vec<_>>().join("&")
}

/// Formats the address of a page with the same filters.
fn format_address(filter: &FlagFilter, page: usize) -> String {
    match format_query(filter).as_str() {
        "" => format!("/admin/flags?page={page}"),
        query => format!("/admin/flags?{query}&page={page}"),
    }
}

fn admits(filter: &FlagFilter, row: &FlagRow) -> bool {
    let FlagRow { flag, .. } = row;
    let has_status = match filter.status.as_str() {
        "on" => row.enabled && !row.state.killed && !flag.archived,
        "off" => !row.enabled && !flag.archived,
        "killed" => row.state.killed,
        "pinned" => row.variable.is_some(),
        "new" => row.lifecycle == Lifecycle::New,
        "clean" => row.lifecycle == Lifecycle::ReadyToCleanUp,
        "stale" => row.lifecycle == Lifecycle::Stale,
        "archived" => flag.archived,
        "all" => true,
        _ => !flag.archived,
    };
    has_status
        && FlagKind::parse(&filter.kind).is_none_or(|kind| kind == flag.kind)
        && flag.matches_search(filter.q.trim(), &filter.tag)
}

/// Sorts the flags, which come in the order of the phases that add them.
fn sort_rows(rows: &mut [FlagRow], by: &str) {
    match by {
        "name" => rows.sort_by_key(|row| row.flag.name.to_lowercase()),
        "key" => rows.sort_by(|a, b| a.flag.key.as_str().cmp(b.flag.key.as_str())),
        "used" => rows.sort_by_key(|row| Reverse(row.usage.count_last_day())),
        _ => {}
    }
}

/// Returns the status of a flag, and the CSS class that shows it.
pub(crate) fn describe_flag_status(row: &FlagRow) -> (String, &'static str) {
    let live = "pill pill-live";
    if row.flag.archived {
        return ("Archived".to_owned(), "pill");
    }
    if let Some(variable) = &row.variable {
        return (format!("Pinned by {variable}"), "pill pill-warning");
    }
    match (row.state.killed, row.enabled, row.added_in, row.is_reached) {
        (true, ..) => ("Killed".to_owned(), "pill pill-danger"),
        (_, false, ..) => ("Off for everyone".to_owned(), "pill"),
        _ if !row.state.rules.is_empty() => {
            let rules = row.state.rules.len() as u64;
            (format::format_quantity(rules, "rule", "rules"), live)
        }
        (_, _, Some(phase), true) => (format!("Served since phase {phase}"), live),
        (_, _, Some(phase), false) => (format!("Waiting for phase {phase}"), "pill"),
        (_, _, None, _) => ("Default for everyone".to_owned(), "pill"),
    }
}

/// Says what the other position of the switch does, and how much it is used.
fn describe_switch(row: &FlagRow) -> String {
    let flag = &row.flag;
    let effect = match (row.enabled, row.state.killed) {
        (_, true) => "The flag is killed: the switch has no effect until it is revived.".to_owned(),
        (true, _) => format!(
            "All users get the variant {} at once, regardless of rules and rollout.",
            flag.off_variant
        ),
        (false, _) => {
            "Its rules, then the rollout, decide again which variant each user gets.".to_owned()
        }
    };
    let count = row.usage.count_last_day();
    format!(
        "{effect} It was evaluated {} in the last 24 hours.",
        format::format_quantity(count, "time", "times")
    )
}

fn build_line(row: FlagRow, can_act: bool) -> FlagLine {
    let (status, class) = describe_flag_status(&row);
    let consequences = describe_switch(&row);
    let often = match row.usage.count_last_day() {
        0 => "no evaluations in 24 h".to_owned(),
        count => format!("{} evaluations in 24 h", format::format_count(count)),
    };
    let lifecycle_class = match row.lifecycle {
        Lifecycle::ReadyToCleanUp | Lifecycle::Stale => "pill pill-warning",
        _ => "pill",
    };
    let lifecycle = row.lifecycle.title();
    // A switch would not change an environment override.
    let can_switch = can_act && !row.flag.archived && row.variable.is_none();
    let FlagRow { flag, state, enabled, usage, .. } = row;
    FlagLine {
        key: flag.key,
        name: flag.name,
        description: flag.description,
        tags: flag.tags,
        status,
        class: class.to_owned(),
        lifecycle: lifecycle.to_owned(),
        lifecycle_class: lifecycle_class.to_owned(),
        killed: state.killed,
        by_hour: usage.by_hour,
        often,
        enabled,
        can_switch,
        version: state.version,
        consequences,
    }
}
