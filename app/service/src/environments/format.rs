//! The text formats of an environment file: TOML for users, JSON for machines.

use phasegate_domain::{
    config::EnvironmentFile,
    field_error::{FieldCode, FieldError},
    flags::FlagDocument,
    json::{self, InvalidJson},
    words::serde_field_error,
};
use serde_json::Value;

use crate::{
    ServiceError,
    toml_document::{Document, InvalidDocument},
};

/// The text format of an environment file.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// For users and version control.
    Toml,
    Json,
}

/// Returns whether a file may omit a field of a flag, because it has its default value.
fn is_implied(flag: &FlagDocument, field: &str) -> bool {
    match field {
        "name" => flag.name == flag.key.as_str(),
        "salt" => flag.salt == flag.key.as_str(),
        "enabled" => flag.enabled,
        "archived" => !flag.archived,
        "killed" => !flag.killed,
        "description" => flag.description.is_empty(),
        "owner" => flag.owner.is_empty(),
        "tags" => flag.tags.is_empty(),
        "rules" => flag.rules.is_empty(),
        "prerequisites" => flag.prerequisites.is_empty(),
        "schedule" => flag.schedule.is_empty(),
        _ => false,
    }
}

/// The name of a `value` that is written as JSON text, because TOML has no null.
const JSON_TEXT: &str = "value_json";

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// Replaces each `value` that contains a null by its JSON text.
fn with_json_texts(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(with_json_texts).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| match name.as_str() {
                "value" if has_null(&value) => {
                    (JSON_TEXT.to_owned(), Value::from(value.to_string()))
                }
                _ => (name, with_json_texts(value)),
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        other => other,
    }
}

/// Reverses [`with_json_texts`].
///
/// # Errors
/// Names the field of a text that is not JSON.
fn without_json_texts(value: Value) -> Result<Value, FieldError> {
    fn restore_values(value: Value, path: &str) -> Result<Value, FieldError> {
        let within = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Ok(match value {
            Value::Array(items) => {
                let one = |(index, item)| restore_values(item, &format!("{path}[{index}]"));
                items.into_iter().enumerate().map(one).collect::<Result<_, _>>()?
            }
            Value::Object(fields) => {
                let field = |(name, value): (String, Value)| match (name.as_str(), &value) {
                    (JSON_TEXT, Value::String(text)) => {
                        let value = json::parse_document(text.as_bytes()).map_err(|_| {
                            FieldError::new(within(&name), FieldCode::Invalid, "is not JSON")
                        })?;
                        Ok(("value".to_owned(), value))
                    }
                    _ => {
                        let path = within(&name);
                        Ok((name, restore_values(value, &path)?))
                    }
                };
                Value::Object(fields.into_iter().map(field).collect::<Result<_, FieldError>>()?)
            }
            other => other,
        })
    }
    restore_values(value, "")
}

/// Writes a file. In TOML, a `value` that contains a null is written as JSON text, `value_json`.
///
/// # Errors
/// Returns an error if a value cannot be expressed in TOML.
pub fn write_file(file: &EnvironmentFile, format: FileFormat) -> Result<String, ServiceError> {
    let invalid = |error: &dyn std::fmt::Display| {
        let message = format!("{error}; export JSON instead");
        ServiceError::Invalid(FieldError::without_field(FieldCode::Invalid, message))
    };
    match format {
        FileFormat::Json => {
            let mut value = serde_json::to_value(file).map_err(|error| invalid(&error))?;
            let flags = value.get_mut("flags").and_then(Value::as_array_mut);
            for (json, flag) in flags.into_iter().flatten().zip(&file.flags) {
                if let Some(fields) = json.as_object_mut() {
                    fields.retain(|field, _| !is_implied(flag, field));
                }
            }
            serde_json::to_string_pretty(&value).map_err(|error| invalid(&error))
        }
        FileFormat::Toml => {
            let mut value = serde_json::to_value(file).map_err(|error| invalid(&error))?;
            let flags = value.get_mut("flags").and_then(Value::as_array_mut);
            for (json, flag) in flags.into_iter().flatten().zip(&file.flags) {
                if let Some(fields) = json.as_object_mut() {
                    fields.retain(|field, _| !is_implied(flag, field));
                }
            }
            toml::to_string(&with_json_texts(value)).map_err(|error| invalid(&error))
        }
    }
}

/// Parses a file in either format and validates it as a whole.
///
/// # Errors
/// Returns an error that names the invalid line or field.
pub fn parse_file(text: &str) -> Result<EnvironmentFile, ServiceError> {
    let file: EnvironmentFile = if text.trim_start().starts_with('{') {
        let mut reader = serde_json::Deserializer::from_str(text);
        let file = serde_path_to_error::deserialize(&mut reader);
        let file = file.map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
            serde_field_error(&error.path().to_string(), &error.inner().to_string())
        })?;
        let whole =
            |error: InvalidJson| FieldError::without_field(FieldCode::Invalid, error.to_string());
        json::check_digits(text.as_bytes()).map_err(whole)?;
        file
    } else {
        read_toml(text).map_err(|error| ServiceError::Invalid(error.into()))?
    };
    file.validate()?;
    Ok(file)
}

fn read_toml(text: &str) -> Result<EnvironmentFile, InvalidDocument> {
    let document = Document::parse(text)?;
    let fields = without_json_texts(Value::Object(document.to_json()?))
        .map_err(|error| document.locate(error))?;
    document.deserialize_part(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
format = 1

[[segments]]
key = "beta"
name = "Beta"
condition = { attribute = "groups", operator = "contains", value = "beta" }

[[flags]]
key = "A"
kind = "boolean"

[[flags.rules]]
variant = "on"
share = 12.5
condition = { in_segment = "beta" }
"#;

    #[test]
    fn a_file_survives_a_round_trip_in_both_formats() {
        let file = parse_file(FILE).unwrap();
        for format in [FileFormat::Toml, FileFormat::Json] {
            let text = write_file(&file, format).unwrap();
            assert_eq!(parse_file(&text).unwrap(), file, "{text}");
            assert!(!text.contains("archived"), "{text}");
        }
    }

    #[test]
    fn the_largest_whole_number_survives_toml() {
        let json = serde_json::json!({"format": 1, "flags": [{"key": "A", "kind": "integer", "off_variant": "most",
            "variants": [{"name": "most", "value": u64::MAX}],
            "rules": [{"variant": "most", "condition": {"attribute": "n", "operator": "in", "value": [u64::MAX, 1]}}]}]});
        let file: EnvironmentFile = serde_json::from_value(json).unwrap();
        let text = write_file(&file, FileFormat::Toml).unwrap();
        assert_eq!(parse_file(&text).unwrap(), file, "{text}");
    }

    #[test]
    fn a_null_survives_toml() {
        let json = serde_json::json!({"format": 1, "flags": [{"key": "A", "kind": "object",
            "off_variant": "none", "variants": [{"name": "none", "value": {"limit": null, "n": [1, null]}}]}]});
        let file: EnvironmentFile = serde_json::from_value(json).unwrap();
        let text = write_file(&file, FileFormat::Toml).unwrap();
        assert!(text.contains("value_json"), "{text}");
        assert_eq!(parse_file(&text).unwrap(), file);
        let broken = text
            .replace("{\\\"limit", "{\\\"limit\\")
            .replace("value_json = '{", "value_json = '{{");
        assert!(parse_file(&broken).is_err());
    }

    #[test]
    fn a_date_needs_no_quotes() {
        let dated = FILE.replace(
            "condition = { in_segment = \"beta\" }",
            "condition = { attribute = \"signed_up_at\", operator = \"after\", value = 2026-01-02 }",
        );
        let quoted = dated.replace("2026-01-02", "\"2026-01-02\"");
        assert_eq!(parse_file(&dated).unwrap(), parse_file(&quoted).unwrap());
    }

    #[test]
    fn errors_name_the_invalid_line_or_field_of_a_file() {
        let complaint = |text: &str| parse_file(text).unwrap_err().to_string();
        assert!(complaint("format = 1\nflags = [{ key = 3 }]").contains("line 2"));
        let regex = FILE.replace("\"contains\", value = \"beta\"", "\"matches\", value = \"(\"");
        assert!(complaint(&regex).contains("is not a regular expression"), "{}", complaint(&regex));
        assert!(
            complaint(&FILE.replace("in_segment = \"beta\"", "in_segment = \"vip\""))
                .contains("flags.A.rules[0]")
        );
        assert!(complaint("{\"format\": 1, \"flags\": [{\"key\": \"A\"}]}").contains("flags[0]"));
        let shared = FILE.replace("share = 12.5", "share = 12.500000000000000001");
        assert!(complaint(&shared).contains("line 15, column 9"), "{}", complaint(&shared));
        let json = write_file(&parse_file(FILE).unwrap(), FileFormat::Json).unwrap();
        let long = json.replace("12.5", "12.500000000000000001");
        assert!(complaint(&long).contains("more digits"), "{}", complaint(&long));
    }
}
