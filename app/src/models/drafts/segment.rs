//! The draft of a segment.

use serde::{Deserialize, Serialize};

use super::{ConditionDraft, Press, condition::press_row};

/// The typed fields of a segment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentDraft {
    /// Only a new segment's key is part of the form.
    pub key: String,
    pub name: String,
    pub description: String,
    pub condition: ConditionDraft,
}

impl SegmentDraft {
    /// Applies a button that adds or removes a row.
    pub fn press(&mut self, button: &str) {
        let press = Press::parse(button);
        press_row(&mut self.condition.rows, &press, press.index);
    }
}
