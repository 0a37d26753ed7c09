//! An environment's file as text: TOML for people, JSON for machines.

use phasegate_domain::{files::EnvironmentFile, flags::FlagDocument};
use serde_json::Value;

use crate::ServiceError;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// For people and version control.
    Toml,
    /// For machines.
    Json,
}

/// Whether a file may leave a field of a flag out, because it says what is meant anyway.
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

/// Writes a file.
///
/// # Errors
/// When a value has no form in TOML: an object flag with a null in it; JSON has one.
pub fn write_file(file: &EnvironmentFile, format: FileFormat) -> Result<String, ServiceError> {
    let invalid = |error: &dyn std::fmt::Display| {
        ServiceError::Invalid(format!("{error}; export JSON instead"))
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
            let mut value = toml::Value::try_from(file).map_err(|error| invalid(&error))?;
            let flags = value.get_mut("flags").and_then(toml::Value::as_array_mut);
            for (toml, flag) in flags.into_iter().flatten().zip(&file.flags) {
                if let Some(fields) = toml.as_table_mut() {
                    fields.retain(|field, _| !is_implied(flag, field));
                }
            }
            toml::to_string(&value).map_err(|error| invalid(&error))
        }
    }
}

/// Reads a file in either form, and checks it whole.
///
/// # Errors
/// Says line or field of what is wrong.
pub fn parse_file(text: &str) -> Result<EnvironmentFile, ServiceError> {
    let invalid = |error: &dyn std::fmt::Display| ServiceError::Invalid(error.to_string());
    let file: EnvironmentFile = if text.trim_start().starts_with('{') {
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| invalid(&error))?
    } else {
        toml::from_str(text).map_err(|error| invalid(&error.to_string().trim_end()))?
    };
    file.validate()?;
    Ok(file)
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
    fn a_file_is_written_as_it_was_read_in_both_forms() {
        let file = parse_file(FILE).unwrap();
        for format in [FileFormat::Toml, FileFormat::Json] {
            let text = write_file(&file, format).unwrap();
            assert_eq!(parse_file(&text).unwrap(), file, "{text}");
            assert!(!text.contains("archived"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let complaint = |text: &str| parse_file(text).unwrap_err().to_string();
        assert!(complaint("format = 1\nflags = [{ key = 3 }]").contains("line 2"));
        let regex = FILE.replace("\"contains\", value = \"beta\"", "\"matches\", value = \"(\"");
        assert!(complaint(&regex).contains("is not a regular expression"), "{}", complaint(&regex));
        assert!(
            complaint(&FILE.replace("in_segment = \"beta\"", "in_segment = \"vip\""))
                .contains("flags.A.rules[0]")
        );
        assert!(complaint("{\"format\": 1, \"flags\": [{\"key\": \"A\"}]}").contains("flags[0]"));
    }
}
