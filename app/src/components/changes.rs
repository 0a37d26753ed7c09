//! Differences between two documents, field by field.

use leptos::prelude::*;
use phasegate_domain::diff::FieldChange;
use serde_json::Value;

/// Maximum number of changed fields that are listed; the others are only counted.
const MOST: usize = 40;

fn format_json_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Lists changed fields with their old and new values.
#[component]
pub(crate) fn Changes(fields: Vec<FieldChange>) -> impl IntoView {
    let more = fields.len().saturating_sub(MOST);
    let rows = fields
        .into_iter()
        .take(MOST)
        .map(|FieldChange { path, from, to }| {
            if path.is_empty() {
                return view! { <WholeValue from to/> }.into_any();
            }
            view! {
                <li class="change">
                    <code class="change-path">{path}</code>
                    {from.map(|value| view! { <del>{format_json_value(&value)}</del> })}
                    {to.map(|value| view! { <ins>{format_json_value(&value)}</ins> })}
                </li>
            }
            .into_any()
        })
        .collect_view();
    let more = (more > 0).then(|| view! { <li class="hint">{format!("and {more} more")}</li> });
    view! { <ul class="changes">{rows} {more}</ul> }
}

/// A document that was created or deleted as a whole.
#[component]
fn WholeValue(from: Option<Value>, to: Option<Value>) -> impl IntoView {
    let summary = if to.is_some() { "Created document" } else { "Deleted document" };
    let json = to.or(from).unwrap_or_default();
    let json = serde_json::to_string_pretty(&json).unwrap_or_default();
    view! { <li><details><summary>{summary}</summary><pre class="document">{json}</pre></details></li> }
}
