//! The incidents: rollbacks and their follow-up.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    audit::{AuditRecord, Change},
    incidents::{Incident, Note},
    plan::Plan,
    reports::{RolloutSummary, RolloutView},
    rollout::stakeholder_message,
};
use phasegate_service::{
    audit::read_audit_entries, models::AuditQuery, rollout::read_rollout_summary,
};

use super::{
    form::handle_rollout_form,
    post_mortem::{PostMortemPart, incident_url},
};
use crate::{
    components::{Notice, TextArea, Time},
    format,
    pages::sentences::build_audit_timeline,
    parts::{Here, PageErrorNotice, render_page},
    request::{PageError, Request},
};

/// Maximum number of entries in an incident's timeline.
const MAX_LINES: u32 = 100;

/// The open incidents, on the page of the rollout.
#[component]
pub(super) fn OpenIncidents(rollout: RolloutView) -> impl IntoView {
    let open: Vec<_> = rollout.state.record.open_incidents().cloned().collect();
    if open.is_empty() {
        return None;
    }
    let lines = open.into_iter().map(|incident| {
        let due = incident.is_post_mortem_due().then_some(" Its post-mortem is due.");
        view! {
            <li>
                <a href=incident_url(incident.id)>"Incident " {incident.id.to_string()} ": " {incident.kind.title()}</a>
                " – " {incident.reason.clone()} " "
                <span class="hint"><Time at=incident.acted_at/> ", " {describe_reaction_time(&incident)} {due}</span>
            </li>
        }
    });
    Some(view! {
        <section class="notice notice-warning" aria-labelledby="incidents-title" data-testid="incidents">
            <h2 id="incidents-title">"Open incidents"</h2>
            <ul class="stack">{lines.collect_view()}</ul>
        </section>
    })
}

/// Describes how long the rollback took, and whether it met the deadline.
fn describe_reaction_time(incident: &Incident) -> String {
    let verdict = if incident.is_in_time() { "in time" } else { "late" };
    format!(
        "carried out {} after detection, {verdict} (limit {})",
        format::format_duration(incident.response_time()),
        format::format_duration(incident.kind.act_within())
    )
}

#[component]
pub(crate) fn IncidentPage() -> impl IntoView {
    view! {
        <Title text="Incident"/>
        {render_page(|request| async move {
            let refused = handle_rollout_form(&request).await.err();
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let rollout = read_rollout_summary(&request.service, &request.actor, request.environment).await?;
            let rollout = rollout.ok_or_else(|| PageError::invalid("this environment has no rollout"))?;
            let id = request.query.get("id").parse().unwrap_or_default();
            let incident = rollout.state.record.find_incident(id).cloned();
            let incident = incident.ok_or_else(|| PageError {
                status: axum::http::StatusCode::NOT_FOUND,
                message: format!("There is no incident {id}; the newest 50 are kept."),
            })?;
            let query = AuditQuery {
                since: Some(incident.detected_at),
                until: incident.closed_at.map(|at| at + chrono::TimeDelta::seconds(1)),
                limit: MAX_LINES,
                ..AuditQuery::default()
            };
            let lines = read_audit_entries(&request.service, &request.actor, request.environment, &query).await?;
            let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
            let done = (refusal.is_none() && request.query.has("done"))
                .then(|| view! { <Notice>"Saved."</Notice> });
            Ok(view! { {refusal} {done} <IncidentSections rollout incident lines request/> }.into_any())
        })}
    }
}

#[component]
fn IncidentSections(
    rollout: RolloutSummary,
    incident: Incident,
    lines: Vec<AuditRecord>,
    request: Request,
) -> impl IntoView {
    let may = rollout.role >= Role::Operator;
    let plan = rollout.plan;
    let text = lines.iter().find_map(|line| match &line.entry.change {
        // The audit log stores milliseconds.
        Change::Rollout { what, .. }
            if line.entry.at.timestamp_millis() == incident.acted_at.timestamp_millis() =>
        {
            stakeholder_message(&plan, what, &line.entry.actor, line.entry.at)
        }
        _ => None,
    });
    let status =
        if incident.is_open() { ("open", "pill pill-warning") } else { ("closed", "pill") };
    let closed =
        incident.closed_at.map(|at| view! { <div><dt>"Closed"</dt><dd><Time at=at/></dd></div> });
    view! {
        <header class="page-head">
            <h1>"Incident " {incident.id.to_string()} ": " {incident.kind.title()}</h1>
            <span class=status.1 data-testid="incident-status">{status.0}</span>
        </header>
        <p class="lead">{incident.reason.clone()}</p>
        <dl class="facts">
            <div><dt>"Detected"</dt><dd><Time at=incident.detected_at/></dd></div>
            <div><dt>"Carried out"</dt><dd><Time at=incident.acted_at/> " by " {incident.by.0.clone()} ", " {describe_reaction_time(&incident)}</dd></div>
            <div><dt>"Deadline"</dt><dd><Time at=incident.deadline()/></dd></div>
            <div><dt>"Follow-up"</dt><dd>{incident.kind.follow_up()}</dd></div>
            {closed}
        </dl>
        <NotifiedContacts plan=plan.clone() incident=incident.clone() text may/>
        <Timeline plan=plan.clone() incident=incident.clone() lines=lines.clone() may/>
        <PostMortemPart plan incident=incident.clone() lines request may/>
        {(may && incident.is_open()).then(|| view! {
            <form method="post" action=incident_url(incident.id)><Here/>
                <input type="hidden" name="add" value="close"/>
                <input type="hidden" name="incident" value=incident.id.to_string()/>
                <button class="button" type="submit">"Close the incident"</button>
            </form>
        })}
        <p><a href="/admin/rollout">"Back to the rollout"</a></p>
    }
}

#[component]
fn NotifiedContacts(
    plan: Plan,
    incident: Incident,
    text: Option<String>,
    may: bool,
) -> impl IntoView {
    let id = incident.id;
    let told = |who: &str| incident.notified.iter().find(|note| note.text == who).cloned();
    let users = plan.contacts.iter().map(|contact| {
        let who = match contact.name.as_str() {
            "" => contact.role.clone(),
            name => format!("{name} ({})", contact.role),
        };
        let reach = match contact.reach.as_str() {
            "" => "no contact details in the plan".to_owned(),
            reach => reach.to_owned(),
        };
        let done = told(&who);
        let form = (may && done.is_none()).then(|| view! { <NotifyForm id who=who.clone()/> });
        let class = if done.is_some() { "gate-line is-pass" } else { "gate-line is-asked" };
        view! {
            <li class=class>
                <strong>{who}</strong> <span class="hint">{reach} {done.map(|note| view! { ", notified " <Time at=note.at/> })}</span>
                {form}
            </li>
        }
    });
    let others = incident
        .notified
        .iter()
        .filter(|note| !plan.contacts.iter().any(|contact| note.text.contains(&contact.role)));
    let others = others.map(note_line).collect_view();
    view! {
        <section aria-labelledby="told-title">
            <h2 id="told-title">"Contacts to notify"</h2>
            <ul class="gate-lines">{users.collect_view()} {others}</ul>
            {text.map(|text| view! {
                <label class="field"><span>"Stakeholder message"</span>
                    <TextArea value=text rows=7 readonly=true/></label>
            })}
        </section>
    }
}

#[component]
fn NotifyForm(id: u32, who: String) -> impl IntoView {
    view! {
        <form method="post" action=incident_url(id)><Here/>
            <input type="hidden" name="add" value="notify"/>
            <input type="hidden" name="incident" value=id.to_string()/>
            <input type="hidden" name="who" value=who.clone()/>
            <button class="button" type="submit">"Mark as notified" <span class="visually-hidden">": "{who}</span></button>
        </form>
    }
}

fn note_line(note: &Note) -> impl IntoView + use<> {
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{note.text.clone()}</span>
            <span class="hint">{note.by.0.clone()} ", " <Time at=note.at/></span>
        </li>
    }
}

#[component]
fn Timeline(plan: Plan, incident: Incident, lines: Vec<AuditRecord>, may: bool) -> impl IntoView {
    let noticed = (incident.detected_at, format!("Detected: {}", incident.reason));
    let all = std::iter::once(noticed).chain(build_audit_timeline(&lines, &plan));
    let all = all.map(|(at, text)| {
        view! {
            <li class="timeline-line">
                <span class="timeline-what">{text}</span>
                <span class="hint"><Time at=at/></span>
            </li>
        }
    });
    let id = incident.id;
    view! {
        <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">"Timeline"</h2>
            <ol class="timeline" data-testid="incident-timeline">{all.collect_view()}</ol>
            {may.then(|| view! {
                <form method="post" action=incident_url(id) class="row"><Here/>
                    <input type="hidden" name="add" value="note"/>
                    <input type="hidden" name="incident" value=id.to_string()/>
                    <label class="field field-wide"><span>"Note"</span>
                        <input type="text" name="text" maxlength="2000" required/></label>
                    <button class="button" type="submit">"Add note"</button>
                </form>
            })}
        </section>
    }
}
