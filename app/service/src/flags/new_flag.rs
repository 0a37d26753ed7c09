//! The document that a new flag begins with.

use phasegate_domain::flags::{FlagDocument, FlagKind};
use serde_json::{Map, Value, json};

use super::read_document;
use crate::ServiceError;

/// Builds a new flag from its key, kind and name, with example variants of its kind.
///
/// # Errors
/// Returns an error that names the invalid field.
pub fn build_new_flag(key: &str, kind: FlagKind, name: &str) -> Result<FlagDocument, ServiceError> {
    let mut fields = Map::new();
    fields.insert("key".into(), json!(key.trim()));
    fields.insert("kind".into(), json!(kind));
    if !name.trim().is_empty() {
        fields.insert("name".into(), json!(name.trim()));
    }
    let variants = match kind {
        FlagKind::Boolean => return read_document(Value::Object(fields)),
        FlagKind::String => {
            json!([{"name": "control", "value": "control"}, {"name": "treatment", "value": "treatment"}])
        }
        FlagKind::Integer => json!([{"name": "low", "value": 1}, {"name": "high", "value": 10}]),
        FlagKind::Float => json!([{"name": "low", "value": 0.5}, {"name": "high", "value": 1.0}]),
        FlagKind::Object => {
            json!([{"name": "control", "value": {}}, {"name": "treatment", "value": {"new": true}}])
        }
    };
    let first = variants.pointer("/0/name").cloned().unwrap_or_default();
    fields.insert("off_variant".into(), first);
    fields.insert("variants".into(), variants);
    read_document(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_flags_of_every_kind_are_valid() {
        for kind in FlagKind::ALL {
            let (flag, _) = build_new_flag("A", kind, "").unwrap().into_parts(None, 1);
            assert_eq!(flag.validate(), Ok(()));
        }
    }
}
