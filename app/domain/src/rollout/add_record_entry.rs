//! The rules for adding an entry to the record of a rollout.

use super::{CommandError, RecordEntry, RolloutEvent, RolloutState};
use crate::{accounts::Role, plan::Plan};

/// Checks a record entry and returns the event that adds it.
///
/// # Errors
/// Returns the rule that forbids it.
pub fn add_record_entry(
    plan: &Plan,
    state: &RolloutState,
    record_entry: &RecordEntry,
    role: Role,
) -> Result<RolloutEvent, CommandError> {
    if role < Role::Operator {
        return Err(CommandError::NotAllowed { needs: Role::Operator });
    }
    let missing = |what: &str| Err(CommandError::Missing { field: what.to_owned() });
    let phase = state.status.serving_phase();
    match record_entry {
        RecordEntry::Tick { item, .. } | RecordEntry::Untick { item }
            if !plan.all_checklist_items().contains(item) =>
        {
            return Err(CommandError::UnknownItem { item: item.item.clone() });
        }
        RecordEntry::SignOff { statement, .. } => {
            let phase = plan.phase(phase.ok_or(CommandError::NotStarted)?);
            if !phase.is_some_and(|phase| phase.statements().any(|known| known == statement)) {
                return Err(CommandError::UnknownCriterion { statement: statement.clone() });
            }
        }
        RecordEntry::Vote { go, comment } => {
            phase.ok_or(CommandError::NotStarted)?;
            if !go && comment.trim().is_empty() {
                return missing("comment");
            }
        }
        RecordEntry::Acknowledge { comment, .. } if comment.trim().is_empty() => {
            return missing("comment");
        }
        RecordEntry::Note { text, .. } if text.trim().is_empty() => return missing("text"),
        RecordEntry::Notify { contact, .. } if contact.trim().is_empty() => {
            return missing("contact");
        }
        RecordEntry::WritePostMortem { post_mortem, .. } => {
            if let Some(field) = post_mortem.missing_field() {
                return missing(field);
            }
        }
        _ => {}
    }
    if let Some(id) = record_entry.incident() {
        let incident =
            state.record.find_incident(id).ok_or(CommandError::UnknownIncident { incident: id })?;
        let is_post_mortem = matches!(record_entry, RecordEntry::WritePostMortem { .. });
        if is_post_mortem && incident.post_mortem.is_some() {
            return Err(CommandError::PostMortemThere { incident: id });
        }
        if matches!(record_entry, RecordEntry::CloseIncident { .. }) {
            if incident.is_post_mortem_due() {
                return Err(CommandError::PostMortemDue { incident: id });
            }
            if !incident.is_open() {
                return Err(CommandError::ClosedAlready { incident: id });
            }
        }
    }
    Ok(RolloutEvent::Added(record_entry.clone()))
}
