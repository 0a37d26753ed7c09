//! What is done to many flags at once.

#[cfg(feature = "ssr")]
use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    ids::FlagKey,
};
#[cfg(feature = "ssr")]
use phasegate_service::flags::{BulkAction, BulkOutcome, SeenFlag};
use serde::{Deserialize, Serialize};

/// A button of the form for many flags.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAct {
    SwitchOn,
    SwitchOff,
    Archive,
    Unarchive,
    Tag,
    Untag,
}

impl BulkAct {
    /// The name in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchOn => "switch_on",
            Self::SwitchOff => "switch_off",
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
            Self::Tag => "tag",
            Self::Untag => "untag",
        }
    }
}

#[cfg(feature = "ssr")]
impl BulkAct {
    /// The act that takes it back.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::SwitchOn => Self::SwitchOff,
            Self::SwitchOff => Self::SwitchOn,
            Self::Archive => Self::Unarchive,
            Self::Unarchive => Self::Archive,
            Self::Tag => Self::Untag,
            Self::Untag => Self::Tag,
        }
    }

    pub(crate) fn to_action(self, tag: &str) -> BulkAction {
        match self {
            Self::SwitchOn => BulkAction::Switch(true),
            Self::SwitchOff => BulkAction::Switch(false),
            Self::Archive => BulkAction::Archive(true),
            Self::Unarchive => BulkAction::Archive(false),
            Self::Tag => BulkAction::Tag(tag.to_owned()),
            Self::Untag => BulkAction::Untag(tag.to_owned()),
        }
    }

    /// Describes what became of the flags.
    pub(crate) fn describe(self, outcome: &BulkOutcome, tag: &str) -> String {
        let verb = match self {
            Self::SwitchOn => "Switched on".to_owned(),
            Self::SwitchOff => "Switched off".to_owned(),
            Self::Archive => "Archived".to_owned(),
            Self::Unarchive => "Unarchived".to_owned(),
            Self::Tag => format!("Added the tag {tag} to"),
            Self::Untag => format!("Removed the tag {tag} from"),
        };
        let flags = crate::format::format_quantity(outcome.changed.len() as u64, "flag", "flags");
        let mut text = format!("{verb} {flags}.");
        if outcome.unchanged > 0 {
            text.push_str(&format!(" {} were so already.", outcome.unchanged));
        }
        for (flag, error) in outcome.refused.iter().take(SHOWN) {
            let why = match error.is_internal() {
                true => "the server could not save it; its log says why".to_owned(),
                false => error.to_string(),
            };
            text.push_str(&format!(" {flag} was refused: {why}."));
        }
        if outcome.refused.len() > SHOWN {
            text.push_str(&format!(" {} more were refused.", outcome.refused.len() - SHOWN));
        }
        text
    }
}

/// The maximum number of refusals that are listed.
#[cfg(feature = "ssr")]
const SHOWN: usize = 3;

/// Parses a flag with the version that was seen, such as `NEW_UI@7`.
#[cfg(feature = "ssr")]
pub(crate) fn parse_seen_flag(text: &str) -> Result<SeenFlag, FieldError> {
    let parts = text.rsplit_once('@');
    let seen = parts.and_then(|(key, state)| {
        Some(SeenFlag { key: FlagKey::new(key).ok()?, state: state.parse().ok()? })
    });
    seen.ok_or_else(|| {
        let text = format!("{text:?} is not a flag with its version, such as NEW_UI@7");
        FieldError::new("flags", FieldCode::Invalid, text)
    })
}
