//! TOML documents whose errors carry the line and column of the value.

use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    json::is_rounded,
    words::serde_field_error,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

/// An error in a TOML document, with its position.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct InvalidDocument {
    /// The line number, from 1.
    pub line: usize,
    /// Counted in characters, from 1.
    pub column: usize,
    pub problem: FieldError,
}

impl From<InvalidDocument> for FieldError {
    fn from(InvalidDocument { line, column, problem }: InvalidDocument) -> Self {
        let message = format!("{} (line {line}, column {column})", problem.message);
        Self { message, ..problem }
    }
}

/// A parsed document that knows the positions of its fields.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    text: &'t str,
    table: toml::Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Parses a text as TOML.
    ///
    /// # Errors
    /// Returns the position of the first syntax error.
    pub(crate) fn parse(text: &'t str) -> Result<Self, InvalidDocument> {
        let table = DeTable::parse(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            error_at_offset(
                text,
                place,
                FieldError::without_field(FieldCode::Invalid, error.message()),
            )
        })?;
        Ok(Self { text, table })
    }

    /// Converts the document to JSON; dates and times become strings.
    pub(crate) fn to_json(&self) -> Result<Map<String, Value>, InvalidDocument> {
        let pairs = self.table.get_ref().iter();
        let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            Ok((key.to_string(), self.value_to_json(value)?))
        };
        pairs.map(pair).collect()
    }

    fn value_to_json(&self, value: &toml::Spanned<DeValue<'_>>) -> Result<Value, InvalidDocument> {
        let wrong = |problem: String| {
            error_at_offset(
                self.text,
                value.span().start,
                FieldError::without_field(FieldCode::Invalid, problem),
            )
        };
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(is_true) => Value::from(*is_true),
            DeValue::Datetime(instant) => Value::from(instant.to_string()),
            DeValue::Integer(integer) => {
                let (digits, radix) = (integer.as_str(), integer.radix());
                // TOML guarantees signed 64-bit integers; exports may also hold unsigned ones, as
                // JSON does.
                let number = i64::from_str_radix(digits, radix).map(Value::from);
                let number =
                    number.or_else(|_| u64::from_str_radix(digits, radix).map(Value::from));
                number.map_err(|_| wrong(format!("{integer} is too large; write it as a text")))?
            }
            DeValue::Float(float) if is_rounded(&float.as_str().replace('_', "")) => {
                return Err(wrong(format!(
                    "{float} has more digits than a number keeps; round it, or write it as a text"
                )));
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(Number::from_f64);
                Value::Number(number.ok_or_else(|| wrong(format!("{float} is no number here")))?)
            }
            DeValue::Array(items) => {
                items.iter().map(|item| self.value_to_json(item)).collect::<Result<_, _>>()?
            }
            DeValue::Table(fields) => {
                let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                    let key: &std::borrow::Cow<'_, str> = key.get_ref();
                    Ok((key.to_string(), self.value_to_json(value)?))
                };
                Value::Object(fields.iter().map(pair).collect::<Result<_, InvalidDocument>>()?)
            }
        })
    }

    /// Adds line and column to an error about a field such as `phases[1].percentage`. A missing field
    /// has the position of the value that would contain it.
    pub(crate) fn locate(&self, problem: FieldError) -> InvalidDocument {
        let mut place = self.table.span().start;
        let mut within: Option<&DeValue<'_>> = None;
        let steps = problem.field.split(['.', '[']);
        for (depth, step) in steps.map(|step| step.trim_end_matches(']')).enumerate() {
            let found = match (depth, within) {
                (0, _) => self.table.get_ref().get(step),
                (_, Some(DeValue::Table(inner))) => inner.get(step),
                (_, Some(DeValue::Array(inner))) => match step.parse::<usize>() {
                    Ok(index) => inner.get(index),
                    Err(_) => inner.iter().find(|item| is_named(item.get_ref(), step)),
                },
                _ => None,
            };
            let Some(found) = found else { break };
            place = found.span().start;
            within = Some(found.get_ref());
        }
        error_at_offset(self.text, place, problem)
    }

    /// Deserialises a part of the document.
    ///
    /// # Errors
    /// Returns the field and position of the first value that does not fit the type.
    pub(crate) fn deserialize_part<T: DeserializeOwned>(
        &self,
        json: Value,
    ) -> Result<T, InvalidDocument> {
        serde_path_to_error::deserialize(json).map_err(|error| {
            let (path, text) = (error.path().to_string(), error.inner().to_string());
            self.locate(serde_field_error(&path, &text))
        })
    }
}

/// Returns whether an item of a list, such as a variant, has this name or key.
fn is_named(item: &DeValue<'_>, name: &str) -> bool {
    let DeValue::Table(fields) = item else { return false };
    let named = |field| matches!(fields.get(field).map(toml::Spanned::get_ref), Some(DeValue::String(found)) if found == name);
    named("name") || named("key")
}

fn error_at_offset(text: &str, place: usize, problem: FieldError) -> InvalidDocument {
    let before = text.get(..place).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    InvalidDocument { line, column, problem }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "only its reading is tested")]
        parts: Vec<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[allow(dead_code, reason = "only its reading is tested")]
        share: f64,
    }

    fn read_error_text(text: &str) -> String {
        let read = Document::parse(text).and_then(|document| {
            let json = document.to_json()?;
            document.deserialize_part::<Outer>(Value::Object(json))
        });
        read.unwrap_err().to_string()
    }

    #[test]
    fn errors_point_at_the_value() {
        let text = "[[parts]]\nshare = 1\n[[parts]]\n  share = \"ü\"\n";
        assert!(
            read_error_text(text)
                .starts_with("line 4, column 11: parts[1].share: must be a number")
        );
        let text = "[[parts]]\nshare = 1\nshaer = 2\n";
        assert!(
            read_error_text(text)
                .starts_with("line 3, column 9: parts[0].shaer: there is no such field")
        );
        assert!(
            read_error_text("[[parts]]\n")
                .starts_with("line 1, column 1: parts[0].share: is missing")
        );
        assert!(read_error_text("parts = \n").starts_with("line 1, column 9: "));
        assert!(read_error_text("500\n").starts_with("line 1, "));
    }

    #[test]
    fn a_problem_of_a_nested_validator_is_located_at_its_field() {
        let text = "[[flags]]\nkey = \"A\"\noff_variant = \"on\"\n[[flags.variants]]\nname = \"on\"\nvalue = 1\n";
        let document = Document::parse(text).unwrap();
        let place = |path: &str, problem: &str| {
            let found = document.locate(serde_field_error(path, problem));
            (found.line, found.column)
        };
        assert_eq!(place("flags[0]", "off_variant: there is no such variant"), (3, 15));
        assert_eq!(place("flags[0]", "variants.on.value: must be of the kind boolean"), (6, 9));
        assert_eq!(place("flags[0]", "variants[0].value: must be a boolean"), (6, 9));
        assert_eq!(place("flags[0]", "the key is taken"), (1, 1));
        assert_eq!(place("flags[0].salt", "is missing"), (1, 1));
    }

    #[test]
    fn a_number_that_would_be_rounded_is_rejected() {
        let text = "[[parts]]\nshare = 0.123_456_789_012_345_678\n";
        assert!(
            read_error_text(text).starts_with("line 2, column 9: 0.123"),
            "{}",
            read_error_text(text)
        );
    }

    #[test]
    fn dates_become_strings() {
        let document = Document::parse("a = 2026-01-02\nb = 2026-01-02T03:04:05Z\n").unwrap();
        let json = Value::Object(document.to_json().unwrap());
        assert_eq!(json, json!({"a": "2026-01-02", "b": "2026-01-02T03:04:05Z"}));
    }
}
