//! The fields of a condition: one row for each test.

use leptos::prelude::*;
use phasegate_domain::targeting::Operator;

use super::fields::render_press;
use crate::{
    components::TextArea,
    models::drafts::{ConditionDraft, ConditionRow, IN_SEGMENT},
};

/// Renders the fields. `name` is that of the condition in the form, and `list` that of its rows in the
/// buttons.
pub(super) fn render_condition(draft: &ConditionDraft, name: &str, list: &str) -> AnyView {
    if let Some(json) = &draft.json {
        return view! {
            <label class="field">
                <span>"Condition (as JSON, because it is nested)"</span>
                <TextArea value=json.clone() rows=8 name=format!("{name}[json]") code=true/>
            </label>
        }
        .into_any();
    }
    let rows = draft.rows.iter().enumerate();
    let rows: Vec<AnyView> = rows
        .map(|(index, row)| render_row(row, &format!("{name}[rows][{index}]"), list, index))
        .collect();
    let everyone = draft.rows.is_empty().then(|| view! { <span class="pill">"everyone"</span> });
    let any = format!("{name}[any]");
    let matching = if draft.rows.len() > 1 {
        let is_any = draft.any;
        view! {
            <label class="field-inline">
                <span>"Users for whom"</span>
                <select name=any>
                    <option value="false" selected=!is_any>"all of these hold"</option>
                    <option value="true" selected=is_any>"any of these holds"</option>
                </select>
            </label>
        }
        .into_any()
    } else {
        // With one row the choice is not shown, but it must be preserved.
        view! { <input type="hidden" name=any value=draft.any.to_string()/> }.into_any()
    };
    view! {
        <div class="conditions">
            <input type="hidden" name=format!("{name}[is_list]") value=draft.is_list.to_string()/>
            {everyone} {matching} {rows}
            <button class="button button-small" type="submit" name="press" value=format!("add {list}") formnovalidate>
                "Add a condition"
            </button>
        </div>
    }
    .into_any()
}

fn render_row(row: &ConditionRow, name: &str, list: &str, index: usize) -> AnyView {
    let field = |field: &str| format!("{name}[{field}]");
    let (attribute, value) = (row.attribute.clone(), row.value.clone());
    view! {
        <div class="condition">
            <input type="text" name=field("attribute") value=attribute list="attributes"
                placeholder="attribute" aria-label="Attribute" autocomplete="off" maxlength="200"/>
            <select name=field("negated") aria-label="Negation">
                <option value="false" selected=!row.negated>"–"</option>
                <option value="true" selected=row.negated>"not"</option>
            </select>
            <select name=field("operator") aria-label="Operator">{render_operators(&row.operator)}</select>
            <input type="text" name=field("value") value=value placeholder="value" list="values"
                aria-label="Value" autocomplete="off"/>
            {render_press(format!("remove {list}.{index}"), "Remove this condition".to_owned(), "✕", "button button-small")}
        </div>
    }
    .into_any()
}

fn render_operators(chosen: &str) -> AnyView {
    let known = Operator::ALL.map(|operator| (operator.as_str(), operator.as_phrase()));
    let all = known.into_iter().chain([(IN_SEGMENT, "is in the segment")]);
    let option = |(value, words): (&'static str, &'static str)| {
        let is_chosen = value == chosen;
        view! { <option value=value selected=is_chosen>{words}</option> }.into_any()
    };
    all.map(option).collect::<Vec<_>>().into_any()
}
