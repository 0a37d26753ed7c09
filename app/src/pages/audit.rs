//! The audit log: each change with its author, time, old and new values.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    audit::{AuditRecord, Change, SubjectKind},
    diff::FieldChange,
    time::parse_day,
};
use phasegate_service::{audit::read_audit_entries, models::AuditQuery};
use serde_json::Value;

use crate::{
    components::{Changes, Time},
    format::{format_quantity, percent_encode},
    parts::{FnForm, JustDone, render_page},
    request::{FormFields, PageError, Request},
    sentences::describe_audit_change,
    server_fns::flags::RestoreFlag,
};

/// Audit entries on one page.
const LINES: u32 = 50;

/// The fields of the filter.
const FILTERS: [&str; 6] = ["text", "actor", "kind", "key", "from", "to"];

/// The maximum number of changed fields that are shown in the line of an entry.
const FEW: usize = 3;

/// The maximum length of a text that is shown in the line of an entry, in characters.
const SHORT: usize = 60;

/// Returns the query of a URL. A wrong date is an error that names its field.
fn read_query(fields: &FormFields) -> Result<AuditQuery, PageError> {
    let day = |name: &str| match fields.get(name) {
        "" => Ok(None),
        text => parse_day(name, text).map(Some),
    };
    let day = |name: &str| day(name).map_err(|error| PageError::invalid(error.to_string()));
    let (from, to) = (day("from")?, day("to")?);
    let start = |day: i64| chrono::DateTime::from_timestamp(day * 86_400, 0);
    Ok(AuditQuery {
        kind: SubjectKind::parse(fields.get("kind")),
        without: None,
        subjects: Some(fields.get("key").to_owned())
            .filter(|key| !key.is_empty())
            .into_iter()
            .collect(),
        actor: fields.get("actor").to_owned(),
        text: fields.get("text").to_owned(),
        since: from.and_then(start),
        until: to.and_then(|day| start(day + 1)),
        before: fields.get("before").parse().ok(),
        limit: LINES + 1,
    })
}

#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    view! {
        <Title text="Audit"/>
        {render_page(|request| async move {
            let query = read_query(&request.query)?;
            let (service, actor) = (&request.service, &request.actor);
            let mut lines = read_audit_entries(service, actor, request.environment, &query).await?;
            let has_more = lines.len() > LINES as usize;
            lines.truncate(LINES as usize);
            let older = lines.last().filter(|_| has_more).map(|last| last.id);
            Ok(view! {
                <header class="page-head"><h1>"Audit"</h1></header>
                <p class="lead">
                    "Every change with its author, time, old and new values. Entries cannot be edited or deleted."
                </p>
                <JustDone request=request.clone()/>
                <Filter query=request.query.clone()/>
                <Lines lines request=request.clone()/>
                <Older older query=request.query/>
            }
            .into_any())
        })}
    }
}

#[component]
fn Filter(query: FormFields) -> impl IntoView {
    let kinds = SubjectKind::ALL
        .map(|kind| {
            let is_chosen = query.get("kind") == kind.as_str();
            view! { <option value=kind.as_str() selected=is_chosen>{kind.display_name()}</option> }
        })
        .collect_view();
    let field = |name: &str| query.get(name).to_owned();
    let is_filtered = FILTERS.iter().any(|name| !query.get(name).is_empty());
    view! {
        <form class="filters" method="get" action="/admin/audit">
            <label class="field"><span>"Contains"</span>
                <input type="search" name="text" value=field("text") autocomplete="off" maxlength="200"/></label>
            <label class="field"><span>"Account"</span>
                <input type="search" name="actor" value=field("actor") autocomplete="off"/></label>
            <label class="field">
                <span>"Kind"</span>
                <select name="kind"><option value="">"all kinds"</option>{kinds}</select>
            </label>
            <label class="field"><span>"Key"</span>
                <input type="search" name="key" value=field("key") autocomplete="off"/></label>
            <label class="field"><span>"From"</span><input type="date" name="from" value=field("from")/></label>
            <label class="field"><span>"To"</span><input type="date" name="to" value=field("to")/></label>
            <button class="button" type="submit">"Apply filters"</button>
            {is_filtered.then(|| view! { <a class="button button-quiet" href="/admin/audit">"Show all"</a> })}
        </form>
    }
}

#[component]
fn Lines(lines: Vec<AuditRecord>, request: Request) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="empty">"No changes match these filters."</p> }.into_any();
    }
    let lines =
        lines.into_iter().map(|line| view! { <Line line request=request.clone()/> }).collect_view();
    view! { <ol class="timeline" data-testid="audit">{lines}</ol> }.into_any()
}

#[component]
fn Line(line: AuditRecord, request: Request) -> impl IntoView {
    let AuditRecord { id, entry } = line;
    let is_deletion = matches!(
        &entry.change,
        Change::Saved { kind: SubjectKind::Flag, before: Some(_), after: None, .. }
    );
    let (_, key) = entry.change.subject();
    // Not if the flag exists again: its own page restores earlier states.
    let is_gone = request.cached_environment().is_ok_and(|live| live.stored_flag(key).is_err());
    let (flag, label) = (key.to_owned(), format!("Restore {key}"));
    let back = (is_deletion && is_gone && request.has_role(Role::Operator)).then(|| {
        view! {
            <FnForm<RestoreFlag>>
                <input type="hidden" name="flag" value=flag/>
                <input type="hidden" name="entry" value=id.to_string()/>
                <button class="button button-small" type="submit">{label}</button>
            </FnForm<RestoreFlag>>
        }
    });
    let reason = match &entry.change {
        Change::Rollout { what, .. } => what.reason().to_owned(),
        _ => String::new(),
    };
    let reason = (!reason.is_empty()).then(|| view! { <q class="timeline-reason">{reason}</q> });
    let author = format!("/admin/audit?actor={}", percent_encode(&entry.actor.0));
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{describe_audit_change(&entry.change)}</span>
            {reason}
            <span class="hint"><a href=author>{entry.actor.0}</a> ", " <Time at=entry.at/></span>
            <Values fields=entry.change.field_changes()/>
            {back}
        </li>
    }
}

/// The changed fields: a few in the line, many below it.
#[component]
fn Values(fields: Vec<FieldChange>) -> impl IntoView {
    let is_short = |value: &Option<Value>| match value {
        None => true,
        Some(Value::String(text)) => text.chars().count() <= SHORT,
        Some(Value::Array(_) | Value::Object(_)) => false,
        Some(_) => true,
    };
    let is_whole = |field: &FieldChange| field.path.is_empty();
    let fits =
        |field: &FieldChange| !is_whole(field) && is_short(&field.from) && is_short(&field.to);
    match fields.len() {
        0 => ().into_any(),
        1..=FEW if fields.iter().all(fits) => view! { <Changes fields/> }.into_any(),
        count => {
            let title = match fields.first() {
                Some(field) if is_whole(field) => "Document".to_owned(),
                _ => format_quantity(count as u64, "field", "fields"),
            };
            view! { <details><summary>{title}</summary><Changes fields/></details> }.into_any()
        }
    }
}

#[component]
fn Older(older: Option<i64>, query: FormFields) -> impl IntoView {
    older.map(|before| {
        let kept = FILTERS.map(|name| format!("{name}={}&", percent_encode(query.get(name))));
        let href = format!("/admin/audit?{}before={before}", kept.concat());
        view! { <p><a class="button" href=href>"Older changes"</a></p> }
    })
}
