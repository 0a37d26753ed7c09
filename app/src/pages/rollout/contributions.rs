//! What forms add to the record.

use phasegate_domain::{
    alerts::AlertKind,
    ids::PhaseNumber,
    rollout::{ChecklistItem, Contribution, FollowUp, PostMortem},
};

use crate::request::{Form, Trouble};

/// Reads what a form adds.
pub(super) fn read(form: &Form) -> Result<Contribution, Trouble> {
    let text = |name: &str| form.get(name).to_owned();
    Ok(match form.get("add") {
        "tick" => Contribution::Tick { item: item(form)?, link: text("link") },
        "untick" => Contribution::Untick { item: item(form)? },
        "sign_off" => Contribution::SignOff {
            statement: text("statement"),
            holds: is_yes(form, "holds")?,
            comment: text("comment"),
        },
        "vote" => Contribution::Vote { go: is_yes(form, "go")?, comment: text("comment") },
        "acknowledge" => Contribution::Acknowledge {
            alert: AlertKind::parse(form.get("alert"))
                .ok_or_else(|| Trouble::invalid("alert: choose one that is firing"))?,
            comment: text("comment"),
        },
        "note" => Contribution::Note { incident: incident(form)?, text: text("text") },
        "tell" => Contribution::Tell { incident: incident(form)?, who: text("who") },
        "post_mortem" => Contribution::WritePostMortem {
            incident: incident(form)?,
            post_mortem: post_mortem(form),
        },
        "close" => Contribution::CloseIncident { incident: incident(form)? },
        other => return Err(Trouble::invalid(format!("add: there is nothing called {other:?}"))),
    })
}

fn item(form: &Form) -> Result<ChecklistItem, Trouble> {
    let phase = match form.get("phase") {
        "" => None,
        number => {
            let wrong = |_| Trouble::invalid("phase: a number");
            Some(PhaseNumber(number.parse().map_err(wrong)?))
        }
    };
    Ok(ChecklistItem { phase, item: form.get("item").to_owned() })
}

fn is_yes(form: &Form, name: &str) -> Result<bool, Trouble> {
    match form.get(name) {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(Trouble::invalid(format!("{name}: yes or no, not {other:?}"))),
    }
}

fn incident(form: &Form) -> Result<u32, Trouble> {
    form.get("incident").parse().map_err(|_| Trouble::invalid("incident: a number"))
}

/// Rows that are left empty are no actions.
pub(super) fn post_mortem(form: &Form) -> PostMortem {
    let action = |row: usize| FollowUp {
        what: form.get(&format!("action.{row}.what")).to_owned(),
        owner: form.get(&format!("action.{row}.owner")).to_owned(),
    };
    let actions = (0..form.rows("action")).map(action);
    PostMortem {
        impact: form.exact("impact"),
        timeline: form.exact("timeline"),
        cause: form.exact("cause"),
        went_well: form.exact("went_well"),
        actions: actions.filter(|a| !a.what.is_empty() || !a.owner.is_empty()).collect(),
    }
}
