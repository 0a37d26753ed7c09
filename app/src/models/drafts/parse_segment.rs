//! Converts segments to their drafts and back.

use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    ids::SegmentKey,
    targeting::{Condition, Segment},
};

use super::{ConditionDraft, SegmentDraft};

impl SegmentDraft {
    pub(crate) fn new(segment: Option<&Segment>) -> Self {
        let everyone = Condition::default();
        Self {
            key: segment.map(|segment| segment.key.to_string()).unwrap_or_default(),
            name: segment.map(|segment| segment.name.clone()).unwrap_or_default(),
            description: segment.map(|segment| segment.description.clone()).unwrap_or_default(),
            condition: ConditionDraft::new(segment.map_or(&everyone, |segment| &segment.condition)),
        }
    }

    /// Parses the typed fields. A stored segment's key is given, because it cannot be changed.
    pub(crate) fn parse_segment(&self, key: Option<&SegmentKey>) -> Result<Segment, FieldError> {
        let condition = self.condition.to_json();
        let condition =
            condition.map_err(|text| FieldError::new("condition", FieldCode::Invalid, text))?;
        let condition = Condition::from_json(&condition)
            .map_err(|error| FieldError::from(error).inside("condition"))?;
        let key = match key {
            Some(key) => key.clone(),
            None => SegmentKey::new(self.key.trim())
                .map_err(|error| FieldError::new("key", FieldCode::Invalid, error.to_string()))?,
        };
        let name = match self.name.trim() {
            "" => key.to_string(),
            name => name.to_owned(),
        };
        let description = self.description.trim().replace("\r\n", "\n");
        Ok(Segment { key, name, description, condition })
    }
}
