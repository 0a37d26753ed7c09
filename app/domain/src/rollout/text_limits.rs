//! Limits of the texts that users write into a rollout.

use super::{RecordEntry, RolloutCommand};
use crate::{
    field_error::{FieldCode, FieldProblem},
    incidents::PostMortem,
};

/// The maximum number of characters of a one-line text, such as a reason.
const MAX_LINE_CHARS: usize = 2_000;

/// The maximum number of characters of a longer text in the record.
const MAX_TEXT_CHARS: usize = 10_000;

/// The maximum number of actions of a post-mortem.
const MAX_ACTIONS: usize = 50;

/// Why a text of a command or record entry is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// A text has too many characters.
    #[error("at most {max} characters")]
    TooLong {
        /// The field of the text.
        field: &'static str,
        /// The limit, in characters.
        max: usize,
    },
    /// A post-mortem lists too many actions.
    #[error("at most {MAX_ACTIONS}")]
    TooManyActions,
    /// A link is no web address.
    #[error("begin with https:// or http://, or leave it empty")]
    Link,
}

impl FieldProblem for InvalidText {
    fn field(&self) -> String {
        let field = match self {
            Self::TooLong { field, .. } => field,
            Self::TooManyActions => "actions",
            Self::Link => "link",
        };
        field.to_owned()
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::TooLong { .. } => FieldCode::TooLong,
            Self::TooManyActions => FieldCode::TooMany,
            Self::Link => FieldCode::Invalid,
        }
    }
}

fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), InvalidText> {
    if text.chars().count() > max { Err(InvalidText::TooLong { field, max }) } else { Ok(()) }
}

/// Checks the note that explains a change of the plan.
///
/// # Errors
/// Returns an error if it is too long.
pub fn check_plan_note(note: &str) -> Result<(), InvalidText> {
    check_length("note", note, MAX_LINE_CHARS)
}

impl RolloutCommand {
    /// Checks the reason of the command.
    ///
    /// # Errors
    /// Returns an error if it is too long.
    pub fn check_texts(&self) -> Result<(), InvalidText> {
        check_length("reason", &self.reason, MAX_LINE_CHARS)
    }
}

impl RecordEntry {
    /// Checks the texts of the entry.
    ///
    /// # Errors
    /// Returns the first invalid one.
    pub fn check_texts(&self) -> Result<(), InvalidText> {
        match self {
            Self::Tick { link, .. } => {
                let is_web = link.starts_with("https://") || link.starts_with("http://");
                if !link.is_empty() && !is_web {
                    return Err(InvalidText::Link);
                }
                check_length("link", link, MAX_LINE_CHARS)
            }
            Self::Untick { .. } | Self::CloseIncident { .. } => Ok(()),
            Self::SignOff { comment, .. }
            | Self::Vote { comment, .. }
            | Self::Acknowledge { comment, .. } => check_length("comment", comment, MAX_LINE_CHARS),
            Self::Note { text, .. } => check_length("text", text, MAX_TEXT_CHARS),
            Self::Notify { contact, .. } => check_length("contact", contact, MAX_LINE_CHARS),
            Self::WritePostMortem { post_mortem, .. } => check_post_mortem(post_mortem),
        }
    }
}

fn check_post_mortem(post_mortem: &PostMortem) -> Result<(), InvalidText> {
    let PostMortem { impact, timeline, cause, went_well, actions } = post_mortem;
    check_length("impact", impact, MAX_TEXT_CHARS)?;
    check_length("timeline", timeline, MAX_TEXT_CHARS)?;
    check_length("cause", cause, MAX_TEXT_CHARS)?;
    check_length("went_well", went_well, MAX_TEXT_CHARS)?;
    if actions.len() > MAX_ACTIONS {
        return Err(InvalidText::TooManyActions);
    }
    let mut parts = actions.iter().flat_map(|action| [&action.what, &action.owner]);
    parts.try_for_each(|text| check_length("actions", text, MAX_LINE_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{field_error::FieldError, incidents::FollowUp};

    #[test]
    fn texts_of_the_record_are_bounded_and_name_their_field() {
        let note = |length| RecordEntry::Note { incident: 1, text: "ä".repeat(length) };
        assert_eq!(note(MAX_TEXT_CHARS).check_texts(), Ok(()));
        let refused = FieldError::from(note(MAX_TEXT_CHARS + 1).check_texts().unwrap_err());
        assert_eq!((refused.field.as_str(), refused.code), ("text", FieldCode::TooLong));
        let action = FollowUp { what: "test more".into(), owner: "ada".into() };
        let post_mortem =
            PostMortem { actions: vec![action; MAX_ACTIONS + 1], ..PostMortem::default() };
        let entry = RecordEntry::WritePostMortem { incident: 1, post_mortem };
        assert_eq!(entry.check_texts(), Err(InvalidText::TooManyActions));
    }
}
