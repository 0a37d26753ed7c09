//! Export of panels as tables: the columns are fields of the JSON that a use case returns.

use serde::Serialize;
use serde_json::Value;

use crate::ServiceError;

/// A panel that can be exported as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panel {
    /// The panel's name in URLs.
    pub name: &'static str,
    /// JSON pointer to the rows. A value that is not a list is the only row.
    at: &'static str,
    /// Name of a list in each row whose entries become the rows; empty if there is none. A column
    /// is looked up in the entry first, then in the row around it.
    within: &'static str,
    /// Paths of the fields, with dots between the steps.
    columns: &'static [&'static str],
}

const fn new_panel(
    name: &'static str,
    at: &'static str,
    within: &'static str,
    columns: &'static [&'static str],
) -> Panel {
    Panel { name, at, within, columns }
}

/// The panels of analytics.
pub const ANALYTICS: [Panel; 12] = [
    new_panel("users", "/users/daily", "", &["date", "users"]),
    new_panel(
        "totals",
        "/users",
        "",
        &[
            "now.users",
            "now.new_users",
            "now.stickiness",
            "before.users",
            "before.new_users",
            "before.stickiness",
        ],
    ),
    new_panel(
        "adoption",
        "/adoption",
        "",
        &[
            "flag",
            "exposed",
            "used",
            "rate",
            "rate_before",
            "used_again",
            "stickiness",
            "seconds",
            "median_seconds",
        ],
    ),
    new_panel("cross", "/cross_use", "", &["one", "other", "both", "either"]),
    new_panel("retention", "/retention", "totals", &["title", "days", "users", "returned"]),
    new_panel("cohorts", "/retention", "cohorts", &["title", "day", "size", "returned"]),
    new_panel(
        "sessions",
        "/sessions",
        "",
        &[
            "now.sessions",
            "now.mean_seconds",
            "now.p50_seconds",
            "now.p95_seconds",
            "now.with_error",
            "now.with_critical",
            "before.sessions",
            "before.mean_seconds",
            "before.p50_seconds",
            "before.p95_seconds",
            "before.with_error",
            "before.with_critical",
        ],
    ),
    new_panel(
        "tasks",
        "/tasks",
        "",
        &[
            "name",
            "now.started",
            "now.completed",
            "now.abandoned",
            "before.started",
            "before.completed",
            "before.abandoned",
        ],
    ),
    new_panel(
        "feedback",
        "/feedback",
        "",
        &[
            "now.ratings",
            "now.satisfaction",
            "now.recommendations",
            "now.nps",
            "before.ratings",
            "before.satisfaction",
            "before.recommendations",
            "before.nps",
        ],
    ),
    new_panel("events", "/events", "", &["name", "count", "before"]),
    new_panel("properties", "/properties", "", &["event", "property", "value", "count", "before"]),
    new_panel("annotations", "/annotations", "", &["at", "kind", "text", "by"]),
];

/// The panels of performance.
pub const PERFORMANCE: [Panel; 6] = [
    new_panel("score", "", "", &["score", "score_before"]),
    new_panel("vitals", "/vitals", "", &["vital", "p75", "p75_before", "samples", "good", "poor"]),
    new_panel("courses", "/vitals", "points", &["vital", "minute", "value"]),
    new_panel(
        "breakdown",
        "/breakdown",
        "",
        &["dimension", "samples", "score", "p75.0", "p75.1", "p75.2"],
    ),
    new_panel(
        "slow",
        "/timings",
        "",
        &["timing.kind", "timing.name", "p50", "timing.p75", "p95", "failures", "timing.samples"],
    ),
    new_panel("annotations", "/annotations", "", &["at", "kind", "text", "by"]),
];

/// Returns the panel with this name.
///
/// # Errors
/// Returns [`ServiceError::UnknownPanel`] if there is none.
pub fn find_panel(panels: &'static [Panel], name: &str) -> Result<&'static Panel, ServiceError> {
    let found = panels.iter().find(|panel| panel.name == name);
    found.ok_or_else(|| {
        let known = panels.iter().map(|panel| panel.name).collect();
        ServiceError::UnknownPanel { name: name.to_owned(), known }
    })
}

impl Panel {
    /// Returns the panel's part of a use case's result.
    ///
    /// # Errors
    /// Returns an error if the result cannot be serialised, which is a bug.
    pub fn extract_json(&self, answer: &impl Serialize) -> Result<Value, ServiceError> {
        let whole = serde_json::to_value(answer)
            .map_err(|_| ServiceError::Inconsistent("a panel cannot be written as JSON"))?;
        Ok(whole.pointer(self.at).cloned().unwrap_or_default())
    }

    /// Returns the panel as comma-separated values (RFC 4180) with a header line.
    ///
    /// # Errors
    /// Returns the errors of [`Panel::extract_json`].
    pub fn write_csv(&self, answer: &impl Serialize) -> Result<String, ServiceError> {
        let part = self.extract_json(answer)?;
        let lines = match part {
            Value::Array(lines) => lines,
            Value::Null => Vec::new(),
            single => vec![single],
        };
        let mut table =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let broken = |_| ServiceError::Inconsistent("a panel cannot be written as a table");
        table.write_record(self.columns).map_err(broken)?;
        for line in &lines {
            match line.get(self.within).and_then(Value::as_array) {
                Some(all) => all
                    .iter()
                    .try_for_each(|inner| table.write_record(self.row_cells(&[inner, line]))),
                None => table.write_record(self.row_cells(&[line])),
            }
            .map_err(broken)?;
        }
        let bytes = table
            .into_inner()
            .map_err(|_| ServiceError::Inconsistent("a table was not finished"))?;
        String::from_utf8(bytes).map_err(|_| ServiceError::Inconsistent("a table is no text"))
    }

    /// Returns the cells of a row. Each column is read from the first of `places` that has it.
    fn row_cells(&self, places: &[&Value]) -> Vec<String> {
        let cell_of = |column: &&str| {
            let path = format!("/{}", column.replace('.', "/"));
            places
                .iter()
                .find_map(|place| place.pointer(&path))
                .map(format_cell)
                .unwrap_or_default()
        };
        self.columns.iter().map(cell_of).collect()
    }
}

fn format_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape_formula(text),
        Value::Array(values) => values.iter().map(format_cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Prefixes texts that a spreadsheet would take for a formula, because any page can send texts.
fn escape_formula(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_flattens_lists_and_neutralises_formulas() {
        let answer = json!({
            "events": [
                {"name": "=1+1,\"x\"", "count": 2, "before": 0},
                {"name": "b", "count": 1, "before": null},
            ],
            "retention": [{"title": "All", "totals": [{"days": 1, "users": 4, "returned": 2}]}],
            "users": {"now": {"users": 5}},
        });
        let csv = |name| find_panel(&ANALYTICS, name).unwrap().write_csv(&answer).unwrap();
        assert_eq!(csv("events"), "name,count,before\r\n\"'=1+1,\"\"x\"\"\",2,0\r\nb,1,\r\n");
        assert_eq!(csv("retention"), "title,days,users,returned\r\nAll,1,4,2\r\n");
        assert!(csv("totals").ends_with("\r\n5,,,,,\r\n"));
        assert_eq!(csv("tasks").lines().count(), 1, "nothing is a table without lines");
        assert!(
            find_panel(&PERFORMANCE, "moon").unwrap_err().to_string().contains("score, vitals")
        );
    }
}
