//! Reads record entries from forms.

use phasegate_domain::{
    alerts::AlertKind,
    ids::PhaseNumber,
    incidents::{FollowUp, PostMortem},
    plan::ChecklistItem,
    rollout::RecordEntry,
};

use crate::request::{Form, PageError};

/// Reads the entry that a form adds to the record.
pub(super) fn read_record_entry(form: &Form) -> Result<RecordEntry, PageError> {
    let text = |name: &str| form.get(name).to_owned();
    Ok(match form.get("add") {
        "tick" => RecordEntry::Tick { item: read_checklist_item(form)?, link: text("link") },
        "untick" => RecordEntry::Untick { item: read_checklist_item(form)? },
        "sign_off" => RecordEntry::SignOff {
            statement: text("statement"),
            holds: is_yes(form, "holds")?,
            comment: text("comment"),
        },
        "vote" => RecordEntry::Vote { go: is_yes(form, "go")?, comment: text("comment") },
        "acknowledge" => RecordEntry::Acknowledge {
            alert: AlertKind::parse(form.get("alert"))
                .ok_or_else(|| PageError::invalid("alert: choose one that is firing"))?,
            comment: text("comment"),
        },
        "note" => RecordEntry::Note { incident: parse_incident_id(form)?, text: text("text") },
        "notify" => {
            RecordEntry::Notify { incident: parse_incident_id(form)?, contact: text("who") }
        }
        "post_mortem" => RecordEntry::WritePostMortem {
            incident: parse_incident_id(form)?,
            post_mortem: read_post_mortem(form),
        },
        "close" => RecordEntry::CloseIncident { incident: parse_incident_id(form)? },
        other => {
            return Err(PageError::invalid(format!("add: there is no record entry {other:?}")));
        }
    })
}

fn read_checklist_item(form: &Form) -> Result<ChecklistItem, PageError> {
    let phase = match form.get("phase") {
        "" => None,
        number => {
            let wrong = |_| PageError::invalid("phase: must be a number");
            Some(PhaseNumber(number.parse().map_err(wrong)?))
        }
    };
    Ok(ChecklistItem { phase, item: form.get("item").to_owned() })
}

fn is_yes(form: &Form, name: &str) -> Result<bool, PageError> {
    match form.get(name) {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(PageError::invalid(format!("{name}: must be yes or no, not {other:?}"))),
    }
}

fn parse_incident_id(form: &Form) -> Result<u32, PageError> {
    form.get("incident").parse().map_err(|_| PageError::invalid("incident: must be a number"))
}

/// Reads a post-mortem; empty rows of actions are omitted.
pub(super) fn read_post_mortem(form: &Form) -> PostMortem {
    let action = |row: usize| FollowUp {
        what: form.get(&format!("action.{row}.what")).to_owned(),
        owner: form.get(&format!("action.{row}.owner")).to_owned(),
    };
    let actions = (0..form.count_rows("action")).map(action);
    PostMortem {
        impact: form.get_exact("impact"),
        timeline: form.get_exact("timeline"),
        cause: form.get_exact("cause"),
        went_well: form.get_exact("went_well"),
        actions: actions.filter(|a| !a.what.is_empty() || !a.owner.is_empty()).collect(),
    }
}
