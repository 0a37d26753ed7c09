//! Flattens panels into named numbers.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields that identify an entry of a list, as JSON pointers.
const NAMES: [&str; 7] = ["/flag", "/name", "/date", "/vital", "/title", "/days", "/timing/name"];

#[derive(Debug, Default)]
pub(super) struct Readings(BTreeMap<String, f64>);

impl Readings {
    /// Adds all numbers of a panel for a dimension, and the error rate derived from them.
    pub(super) fn add_panel(&mut self, dimension: &str, panel: &Value) {
        let prefix = if dimension.is_empty() { String::new() } else { format!("{dimension}/") };
        self.flatten_value(&prefix, panel);
        let number = |name: &str| self.get(&format!("{prefix}sessions.now.{name}"));
        if let (Some(errors), Some(all)) = (number("with_error"), number("sessions"))
            && all > 0.0
        {
            self.0.insert(format!("{prefix}error_rate"), errors / all);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    fn flatten_value(&mut self, name: &str, value: &Value) {
        let under = |part: &str| match name.is_empty() || name.ends_with('/') {
            true => format!("{name}{part}"),
            false => format!("{name}.{part}"),
        };
        match value {
            Value::Number(number) => {
                if let Some(number) = number.as_f64() {
                    self.0.insert(name.to_owned(), number);
                }
            }
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.flatten_value(&under(field), value);
                }
            }
            Value::Array(lines) => {
                for line in lines {
                    if let Some(own) = entry_name(line) {
                        self.flatten_value(&under(&own), line);
                    }
                }
            }
            _ => {}
        }
    }
}

fn entry_name(line: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let field = |name: &str| line.pointer(name).and_then(text);
    if let (Some(one), Some(other)) = (field("/one"), field("/other")) {
        return Some(format!("{one}+{other}"));
    }
    NAMES.iter().find_map(|name| field(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panel_numbers_are_named_by_their_path() {
        let mut readings = Readings::default();
        readings.add_panel("phase:2", &serde_json::json!({
            "at": "2026", "users": {"now": {"users": 7}, "daily": [{"date": "2026-01-01", "users": 3}]},
            "sessions": {"now": {"sessions": 4, "with_error": 1}},
            "cross_use": [{"one": "A", "other": "B", "both": 2}],
            "timings": [{"timing": {"name": "/api", "p75": 5.5}}],
            "retention": [{"title": "All", "totals": [{"days": 1, "back": 2}]}],
        }));
        for (name, value) in [
            ("users.now.users", 7.0),
            ("users.daily.2026-01-01.users", 3.0),
            ("error_rate", 0.25),
            ("cross_use.A+B.both", 2.0),
            ("timings./api.timing.p75", 5.5),
            ("retention.All.totals.1.back", 2.0),
        ] {
            assert_eq!(readings.get(&format!("phase:2/{name}")), Some(value), "{name}");
        }
    }
}
