//! What may be added to a rollout's record.

use super::{Contribution, Plan, Refusal, RolloutEvent, Standing};
use crate::people::Role;

/// Adds to the record, or says why not.
///
/// # Errors
/// The rule that stands against it.
pub fn contribute(
    plan: &Plan,
    standing: &Standing,
    contribution: &Contribution,
    role: Role,
) -> Result<RolloutEvent, Refusal> {
    if role < Role::Operator {
        return Err(Refusal::NotAllowed { needs: Role::Operator });
    }
    let missing = |what: &str| Err(Refusal::Missing { field: what.to_owned() });
    let phase = standing.state.serving_phase();
    match contribution {
        Contribution::Tick { item, .. } | Contribution::Untick { item }
            if !plan.items().contains(item) =>
        {
            return Err(Refusal::UnknownItem { item: item.item.clone() });
        }
        Contribution::SignOff { statement, .. } => {
            let phase = plan.phase(phase.ok_or(Refusal::NotStarted)?);
            if !phase.is_some_and(|phase| phase.statements().any(|known| known == statement)) {
                return Err(Refusal::UnknownCriterion { statement: statement.clone() });
            }
        }
        Contribution::Vote { go, comment } => {
            phase.ok_or(Refusal::NotStarted)?;
            if !go && comment.trim().is_empty() {
                return missing("comment");
            }
        }
        Contribution::Acknowledge { comment, .. } if comment.trim().is_empty() => {
            return missing("comment");
        }
        Contribution::Note { text, .. } if text.trim().is_empty() => return missing("text"),
        Contribution::Tell { who, .. } if who.trim().is_empty() => return missing("who"),
        Contribution::WritePostMortem { post_mortem, .. } => {
            if let Some(field) = post_mortem.missing() {
                return missing(field);
            }
        }
        _ => {}
    }
    if let Some(id) = contribution.incident() {
        let incident =
            standing.record.incident(id).ok_or(Refusal::UnknownIncident { incident: id })?;
        let is_post_mortem = matches!(contribution, Contribution::WritePostMortem { .. });
        if is_post_mortem && incident.post_mortem.is_some() {
            return Err(Refusal::PostMortemThere { incident: id });
        }
        if matches!(contribution, Contribution::CloseIncident { .. }) {
            if incident.is_post_mortem_due() {
                return Err(Refusal::PostMortemDue { incident: id });
            }
            if !incident.is_open() {
                return Err(Refusal::ClosedAlready { incident: id });
            }
        }
    }
    Ok(RolloutEvent::Added(contribution.clone()))
}
