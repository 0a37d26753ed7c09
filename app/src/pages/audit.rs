//! The audit log: each change with its author, time, old and new values.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    audit::{AuditRecord, Change, SubjectKind},
};
use phasegate_service::audit::read_audit_entries;
use phasegate_service::models::AuditQuery;

use crate::{
    components::{Changes, Time},
    format::percent_encode,
    parts::{FnForm, JustDone, render_page},
    request::{FormFields, Request},
    sentences::describe_audit_change,
    server_fns::flags::RestoreFlag,
};

/// Audit entries on one page.
const LINES: u32 = 50;

#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    view! {
           <Title text="Audit"/>
           {render_page(|request| async move {
               let query = AuditQuery {
    since: None,
        until: None,
                   kind: SubjectKind::parse(request.query.get("kind")),
                   subjects: Some(request.query.get("key").to_owned()).filter(|key| !key.is_empty()).into_iter().collect(),
                   before: request.query.get("before").parse().ok(),
                   limit: LINES + 1,
               };
               let mut lines =
                   read_audit_entries(&request.service, &request.actor, request.environment, &query).await?;
               let has_more = lines.len() > LINES as usize;
               lines.truncate(LINES as usize);
               let older = lines.last().filter(|_| has_more).map(|last| last.id);
               Ok(view! {
                   <header class="page-head"><h1>"Audit"</h1></header>
                   <p class="lead">
                       "Every change with its author, time, old and new values. Entries cannot be edited \
                        or deleted."
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
    view! {
        <form class="filters" method="get" action="/admin/audit">
            <label class="field">
                <span>"Kind"</span>
                <select name="kind"><option value="">"all kinds"</option>{kinds}</select>
            </label>
            <label class="field">
                <span>"Key"</span>
                <input type="search" name="key" value=query.get("key").to_owned() autocomplete="off"/>
            </label>
            <button class="button" type="submit">"Apply filters"</button>
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
    let fields = entry.change.field_changes();
    let details = (!fields.is_empty()).then(|| {
        let count = crate::format::format_quantity(fields.len() as u64, "field", "fields");
        view! { <details><summary>{count}</summary><Changes fields/></details> }
    });
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{describe_audit_change(&entry.change)}</span>
            <span class="hint">{entry.actor.0} ", " <Time at=entry.at/></span>
            {details}
            {back}
        </li>
    }
}

#[component]
fn Older(older: Option<i64>, query: FormFields) -> impl IntoView {
    let (kind, key) = (percent_encode(query.get("kind")), percent_encode(query.get("key")));
    older.map(|before| {
        let href = format!("/admin/audit?kind={kind}&key={key}&before={before}");
        view! { <p><a class="button" href=href>"Older changes"</a></p> }
    })
}
