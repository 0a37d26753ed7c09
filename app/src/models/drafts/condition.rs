//! Conditions as rows: attribute, operator, value.

use serde::{Deserialize, Serialize};

use super::press::{Press, remove_item};

/// The operator of a row that tests a segment.
pub const IN_SEGMENT: &str = "in_segment";

/// The typed fields of one test.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionRow {
    pub negated: bool,
    pub attribute: String,
    pub operator: String,
    pub value: String,
}

/// The typed fields of a condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionDraft {
    /// Whether one matching row is enough.
    pub any: bool,
    /// The tests; none holds for everyone.
    pub rows: Vec<ConditionRow>,
    /// Whether a single row is inside a list. It stays there, so that no change appears.
    pub is_list: bool,
    /// The condition as JSON, if it has too many levels for rows.
    pub json: Option<String>,
}

/// Applies a button that adds a row, or removes the one at an index.
pub(super) fn press_row(rows: &mut Vec<ConditionRow>, press: &Press<'_>, index: usize) {
    match press.action {
        "add" => {
            rows.push(ConditionRow { operator: "equals".to_owned(), ..ConditionRow::default() });
        }
        "remove" => remove_item(rows, index),
        _ => {}
    }
}
