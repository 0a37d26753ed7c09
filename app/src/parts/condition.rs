//! Conditions as rows of a form: attribute, operator, value.

use leptos::prelude::*;
use phasegate_domain::{
    json,
    targeting::{Condition, Operator, Test},
};
use serde_json::{Value, json};

use crate::{components::TextArea, request::Form};

/// The operator of a row that tests a segment.
const IN_SEGMENT: &str = "in_segment";

/// The typed fields of one test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    negated: bool,
    attribute: String,
    operator: String,
    value: String,
}

/// The typed fields of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConditionDraft {
    any: bool,
    rows: Vec<Row>,
    /// Whether a single row is inside a list. It stays there, so that no change appears.
    is_list: bool,
    /// The condition as JSON, if it has too many levels for rows.
    json: Option<String>,
}

impl ConditionDraft {
    /// Converts a condition to rows, or to JSON if it has too many levels.
    pub(crate) fn new(condition: &Condition) -> Self {
        let rows = |any, parts: &[Condition], is_list| {
            let rows = parts.iter().map(convert_to_row).collect::<Option<Vec<Row>>>();
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

    /// Reads the fields whose names begin with `prefix`.
    pub(crate) fn read_form(form: &Form, prefix: &str) -> Self {
        let field = |name: String| form.get(&format!("{prefix}.{name}")).to_owned();
        let rows = (0..form.count_rows(&format!("{prefix}.if"))).filter_map(|index| {
            let row = Row {
                negated: field(format!("if.{index}.not")) == "not",
                attribute: field(format!("if.{index}.attribute")),
                operator: field(format!("if.{index}.operator")),
                value: field(format!("if.{index}.value")),
            };
            (!row.operator.is_empty()).then_some(row)
        });
        let json = format!("{prefix}.json");
        Self {
            any: field("match".to_owned()) == "any",
            rows: rows.collect(),
            is_list: form.has(&format!("{prefix}.list")),
            json: form.has(&json).then(|| form.get(&json).to_owned()),
        }
    }

    pub(crate) fn add_row(&mut self) {
        self.rows.push(Row { operator: "equals".to_owned(), ..Row::default() });
    }

    pub(crate) fn remove_row(&mut self, index: usize) {
        if index < self.rows.len() {
            self.rows.remove(index);
        }
    }

    /// Converts the fields to JSON as files and the API have it, without validating it.
    pub(crate) fn to_json(&self) -> Result<Value, String> {
        if let Some(json) = &self.json {
            return json::parse_document(json.as_bytes()).map_err(|error| error.to_string());
        }
        let rows: Vec<Value> = self.rows.iter().map(Row::to_json).collect();
        if let ([row], false) = (rows.as_slice(), self.is_list) {
            return Ok(row.clone());
        }
        Ok(if self.any { json!({ "any": rows }) } else { json!({ "all": rows }) })
    }

    /// Renders the fields, whose names begin with `prefix`. Buttons are named `do`.
    pub(crate) fn render_fields(&self, prefix: &str) -> AnyView {
        if let Some(json) = &self.json {
            return view! {
                <label class="field">
                    <span>"Condition (as JSON, because it is nested)"</span>
                    <TextArea value=json.clone() rows=8 name=format!("{prefix}.json") code=true/>
                </label>
            }
            .into_any();
        }
        let rows = self.rows.iter().enumerate();
        let rows = rows.map(|(index, row)| row.render_row(prefix, index)).collect_view();
        let is_any = self.any;
        let everyone = self.rows.is_empty().then(|| view! { <span class="pill">"everyone"</span> });
        let matching = (self.rows.len() > 1).then(|| {
            view! {
                <label class="field-inline">
                    <span>"Users for whom"</span>
                    <select name=format!("{prefix}.match")>
                        <option value="all" selected=!is_any>"all of these hold"</option>
                        <option value="any" selected=is_any>"any of these holds"</option>
                    </select>
                </label>
            }
        });
        let list = self
            .is_list
            .then(|| view! { <input type="hidden" name=format!("{prefix}.list") value="1"/> });
        // With one row the choice is not shown, but it must be preserved.
        let kept = (is_any && self.rows.len() < 2)
            .then(|| view! { <input type="hidden" name=format!("{prefix}.match") value="any"/> });
        view! {
            <div class="conditions">
                {list} {kept} {everyone} {matching} {rows}
                <button class="button button-small" name="do" value=format!("add-if {prefix}") formnovalidate>
                    "Add a condition"
                </button>
            </div>
        }
        .into_any()
    }
}

/// Converts a part to a row; `None` if it does not fit into one.
fn convert_to_row(part: &Condition) -> Option<Row> {
    match part {
        Condition::Test(test @ Test { attribute, operator, .. }) => Some(Row {
            negated: false,
            attribute: attribute.clone(),
            operator: operator.as_str().to_owned(),
            value: format_value(&test.value()),
        }),
        Condition::InSegment(key) => {
            Some(Row { operator: IN_SEGMENT.to_owned(), value: key.to_string(), ..Row::default() })
        }
        Condition::Not(part) => {
            let row = convert_to_row(part)?;
            (!row.negated).then_some(Row { negated: true, ..row })
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

impl Row {
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

    fn render_row(&self, prefix: &str, index: usize) -> AnyView {
        let name = |field: &str| format!("{prefix}.if.{index}.{field}");
        let operators = Operator::ALL
            .map(|operator| (operator.as_str(), operator.as_phrase()))
            .into_iter()
            .chain([(IN_SEGMENT, "is in the segment")])
            .map(|(value, words)| {
                view! { <option value=value selected=self.operator == value>{words}</option> }
            })
            .collect_view();
        view! {
            <div class="condition">
                <input type="text" name=name("attribute") value=self.attribute.clone() list="attributes"
                    placeholder="attribute" aria-label="Attribute" autocomplete="off" maxlength="200"/>
                <select name=name("not") aria-label="Negation">
                    <option value="" selected=!self.negated>"–"</option>
                    <option value="not" selected=self.negated>"not"</option>
                </select>
                <select name=name("operator") aria-label="Operator">{operators}</select>
                <input type="text" name=name("value") value=self.value.clone() placeholder="value" list="values"
                    aria-label="Value" autocomplete="off"/>
                <button class="button button-small" name="do" value=format!("remove-if {prefix} {index}")
                    formnovalidate aria-label="Remove this condition">"✕"</button>
            </div>
        }
        .into_any()
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

    #[test]
    fn a_form_is_read_row_by_row() {
        let form = Form::parse(
            b"r.match=any&r.if.0.attribute=plan&r.if.0.operator=equals&r.if.0.value=pro\
              &r.if.2.not=not&r.if.2.operator=in_segment&r.if.2.value=beta",
        );
        let mut draft = ConditionDraft::read_form(&form, "r");
        assert_eq!(
            draft.to_json().unwrap(),
            json!({"any": [{"attribute": "plan", "operator": "equals", "value": "pro"},
                           {"not": {"in_segment": "beta"}}]})
        );
        draft.remove_row(0);
        draft.remove_row(9);
        draft.add_row();
        assert_eq!(draft.rows.len(), 2);
    }
}
