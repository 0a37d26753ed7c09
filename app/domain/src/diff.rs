//! The differences between two versions of a JSON document.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The path of the field, such as `rules[1].share`; empty for the whole document.
    pub path: String,
    /// The old value; `None` if the field is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// The new value; `None` if the field was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Returns all differences, ordered by field name. Lists are compared index by index.
#[must_use]
pub fn diff_documents(from: Option<&Value>, to: Option<&Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    collect_changes(String::new(), from, to, &mut changes);
    changes
}

fn collect_changes(
    path: String,
    from: Option<&Value>,
    to: Option<&Value>,
    out: &mut Vec<FieldChange>,
) {
    match (from, to) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect_changes(inner, a.get(name), b.get(name), out);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                collect_changes(format!("{path}[{index}]"), a.get(index), b.get(index), out);
            }
        }
        (None, None) => {}
        (from, to) => out.push(FieldChange { path, from: from.cloned(), to: to.cloned() }),
    }
}

impl std::fmt::Display for FieldChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() { "all of it" } else { &self.path };
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{path}: {from} → {to}"),
            (Some(from), None) => write!(f, "{path}: {from} removed"),
            (None, Some(to)) => write!(f, "{path}: {to} added"),
            (None, None) => f.write_str(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_change_names_its_path() {
        let from = json!({"name": "A", "rules": [{"share": 5}, {"share": 9}], "old": 1});
        let to = json!({"name": "A", "rules": [{"share": 10}], "new": [1]});
        let said: Vec<String> =
            diff_documents(Some(&from), Some(&to)).iter().map(FieldChange::to_string).collect();
        assert_eq!(
            said,
            [
                "new: [1] added",
                "old: 1 removed",
                "rules[0].share: 5 → 10",
                "rules[1]: {\"share\":9} removed",
            ]
        );
        assert_eq!(diff_documents(None, Some(&json!(1)))[0].to_string(), "all of it: 1 added");
    }

    proptest! {
        #[test]
        fn equal_documents_have_no_changes(a in "[a-c]{0,3}", n in any::<i64>()) {
            let value = json!({"a": [a, {"b": n}]});
            prop_assert!(diff_documents(Some(&value), Some(&value)).is_empty());
        }
    }
}
