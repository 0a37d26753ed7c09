//! Builds what the page of an incident shows.

use phasegate_domain::{
    accounts::Role,
    audit::Change,
    incidents::{IncidentKind, Note, PostMortem},
    plan::Contact,
    reports::IncidentView,
    rollout::stakeholder_message,
};

use super::{ContactLine, IncidentHead, IncidentPage, TimelineLine, describe_reaction_time};
use crate::{format, sentences::build_audit_timeline};

/// Builds the page from the incident, the entries of the audit log and the draft that the account has
/// kept.
pub(crate) fn build_incident_page(view: &IncidentView, kept: Option<PostMortem>) -> IncidentPage {
    let incident = &view.incident;
    let detected =
        TimelineLine { at: incident.detected_at, text: format!("Detected: {}", incident.reason) };
    let records = build_audit_timeline(&view.records, &view.plan);
    let timeline =
        records.iter().map(|(at, text)| format!("{}  {text}\n", format::format_instant(*at)));
    let begun = PostMortem { timeline: timeline.collect(), ..PostMortem::default() };
    let records = records.into_iter().map(|(at, text)| TimelineLine { at, text });
    IncidentPage {
        id: incident.id,
        at: view.at,
        can_act: view.role >= Role::Operator,
        head: IncidentHead {
            title: incident.kind.title().to_owned(),
            reason: incident.reason.clone(),
            is_open: incident.is_open(),
            detected_at: incident.detected_at,
            acted_at: incident.acted_at,
            response: format!("by {}, {}", incident.by.0, describe_reaction_time(incident)),
            deadline: incident.deadline(),
            follow_up: incident.kind.follow_up().to_owned(),
            closed_at: incident.closed_at,
        },
        contacts: list_contacts(view),
        message: find_message(view),
        timeline: std::iter::once(detected).chain(records).collect(),
        post_mortem: incident.post_mortem.clone(),
        needs_post_mortem: incident.kind == IncidentKind::Full,
        draft: kept.unwrap_or(begun),
    }
}

/// The contacts of the plan, then those that were notified besides.
fn list_contacts(view: &IncidentView) -> Vec<ContactLine> {
    let notified = &view.incident.notified;
    let planned = view.plan.contacts.iter().map(|contact| {
        let name = format_contact(contact);
        let reach = match contact.reach.as_str() {
            "" => "no contact details in the plan".to_owned(),
            reach => reach.to_owned(),
        };
        let notified_at = notified.iter().find(|note| note.text == name).map(|note| note.at);
        ContactLine { name, reach, notified_at }
    });
    let is_planned =
        |note: &&Note| view.plan.contacts.iter().any(|contact| note.text.contains(&contact.role));
    let others = notified.iter().filter(|note| !is_planned(note)).map(|note| ContactLine {
        name: note.text.clone(),
        reach: format!("by {}", note.by.0),
        notified_at: Some(note.at),
    });
    planned.chain(others).collect()
}

/// The name of a contact, as the record has it.
fn format_contact(contact: &Contact) -> String {
    match contact.name.as_str() {
        "" => contact.role.clone(),
        name => format!("{name} ({})", contact.role),
    }
}

/// The message for stakeholders about the response to the incident.
fn find_message(view: &IncidentView) -> Option<String> {
    let acted_at = view.incident.acted_at.timestamp_millis();
    view.records.iter().find_map(|record| match &record.entry.change {
        // The audit log stores milliseconds.
        Change::Rollout { what, .. } if record.entry.at.timestamp_millis() == acted_at => {
            stakeholder_message(&view.plan, what, &record.entry.actor, record.entry.at)
        }
        _ => None,
    })
}
