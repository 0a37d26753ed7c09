//! Converts conditions to their drafts and back.

use phasegate_domain::{
    json,
    targeting::{Condition, Test},
};
use serde_json::{Value, json};

use super::{ConditionDraft, ConditionRow, IN_SEGMENT};

impl ConditionDraft {
    /// Converts a condition to rows, or to JSON if it has too many levels.
    pub(crate) fn new(condition: &Condition) -> Self {
        let rows = |any, parts: &[Condition], is_list| {
            let rows = parts.iter().map(convert_to_row).collect::<Option<Vec<ConditionRow>>>();
            rows.map(|rows| Self { any, rows, is_list: is_list && parts.len() == 1, json: None })
        };
        let simple = match condition {
            Condition::All(parts) => rows(false, parts, true),
            Condition::Any(parts) => rows(true, parts, true),
            one => rows(false, std::slice::from_ref(one), false),
        };
        let simple = simple.filter(|draft| draft.to_json().as_ref() == Ok(&condition.to_json()));
        simple.unwrap_or_else(|| Self {
            any: false,
            rows: Vec::new(),
            is_list: false,
            json: serde_json::to_string_pretty(&condition.to_json()).ok(),
        })
    }

    /// Converts the fields to JSON as files and the API have it, without validating it.
    pub(crate) fn to_json(&self) -> Result<Value, String> {
        if let Some(json) = &self.json {
            return json::parse_document(json.as_bytes()).map_err(|error| error.to_string());
        }
        let rows: Vec<Value> = self.rows.iter().map(ConditionRow::to_json).collect();
        if let ([row], false) = (rows.as_slice(), self.is_list) {
            return Ok(row.clone());
        }
        Ok(if self.any { json!({ "any": rows }) } else { json!({ "all": rows }) })
    }
}

/// Converts a part to a row; `None` if it does not fit into one.
fn convert_to_row(part: &Condition) -> Option<ConditionRow> {
    match part {
        Condition::Test(test @ Test { attribute, operator, .. }) => Some(ConditionRow {
            negated: false,
            attribute: attribute.clone(),
            operator: operator.as_str().to_owned(),
            value: format_value(&test.value()),
        }),
        Condition::InSegment(key) => Some(ConditionRow {
            operator: IN_SEGMENT.to_owned(),
            value: key.to_string(),
            ..ConditionRow::default()
        }),
        Condition::Not(part) => {
            let row = convert_to_row(part)?;
            (!row.negated).then_some(ConditionRow { negated: true, ..row })
        }
        _ => None,
    }
}

/// Formats a value for its field: lists with commas, strings without quotes unless they would be
/// read as another type.
fn format_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(list) if list.iter().all(|item| !item.is_array() && !item.is_object()) => {
            list.iter().map(format_value).collect::<Vec<_>>().join(", ")
        }
        Value::String(text) if read_value(text) == *value && !text.contains(',') => text.clone(),
        other => other.to_string(),
    }
}

/// Parses a number, a Boolean or a quoted string as JSON; any other text is a string.
fn read_value(text: &str) -> Value {
    match json::parse_document(text.as_bytes()) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::String(_))) => value,
        _ => Value::from(text),
    }
}

impl ConditionRow {
    fn to_json(&self) -> Value {
        let Self { negated, attribute, operator, value } = self;
        let is_list = matches!(operator.as_str(), "in" | "in_cidr");
        let plain = match operator.as_str() {
            IN_SEGMENT => json!({ "in_segment": value }),
            "exists" => json!({ "attribute": attribute, "operator": operator }),
            _ => {
                let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
                let value =
                    if is_list { items.map(read_value).collect() } else { read_value(value) };
                json!({ "attribute": attribute, "operator": operator, "value": value })
            }
        };
        if *negated { json!({ "not": plain }) } else { plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_survive_a_round_trip_through_rows() {
        for json in [
            json!({"all": []}),
            json!({"any": [
                {"attribute": "plan", "operator": "equals", "value": "pro"},
                {"not": {"in_segment": "beta"}},
                {"attribute": "n", "operator": "in", "value": [1, "2", "a"]},
                {"attribute": "beta", "operator": "exists"},
            ]}),
            json!({"all": [{"any": []}]}),
            json!({"attribute": "n", "operator": "in", "value": ["a,b", "c"]}),
            json!({"attribute": "n", "operator": "equals", "value": [1, 2]}),
            json!({"in_segment": "beta"}),
            json!({"not": {"attribute": "a", "operator": "exists"}}),
            json!({"any": [{"in_segment": "beta"}]}),
            json!({"all": [{"attribute": "n", "operator": "equals", "value": "12"}]}),
            json!({"all": [{"attribute": "n", "operator": "equals", "value": "a, b"}]}),
        ] {
            let condition = Condition::from_json(&json).unwrap();
            let draft = ConditionDraft::new(&condition);
            assert_eq!(draft.to_json().unwrap(), json);
        }
    }
}
