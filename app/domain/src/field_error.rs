//! Validation errors of single fields of a request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of an error, for programs; the message is for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// The field is required, but missing or empty.
    Missing,
    /// The value is malformed, or not one that the field accepts.
    Invalid,
    /// The value is longer than allowed.
    TooLong,
    /// There are more items than allowed.
    TooMany,
    /// The value names an object that does not exist.
    Unknown,
    /// The name is reserved for another purpose.
    Reserved,
    /// The field cannot be changed, or not by this request.
    Unchangeable,
    /// An environment override pins the value.
    Held,
}

/// An error in a field. Displayed as `field: message`, or as the message alone if it concerns the
/// whole request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The path of the field, such as `rules[0].serve`; empty for the whole request.
    pub field: String,
    /// The kind of the error.
    pub code: FieldCode,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl FieldError {
    /// Creates an error in a field.
    #[must_use]
    pub fn new(field: impl Into<String>, code: FieldCode, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// Creates an error that concerns the whole request.
    #[must_use]
    pub fn whole(code: FieldCode, message: impl Into<String>) -> Self {
        Self::new("", code, message)
    }

    /// Converts the error of a validator, whose text names the field before a colon.
    #[must_use]
    pub fn of_validator(said: &dyn fmt::Display) -> Self {
        let said = said.to_string();
        let is_path = |head: &str| !head.is_empty() && !head.contains(char::is_whitespace);
        match said.split_once(": ").filter(|(head, _)| is_path(head)) {
            Some((field, message)) => Self::new(field, FieldCode::Invalid, message),
            None => Self::whole(FieldCode::Invalid, said),
        }
    }

    /// Moves the error to another `place`, such as an environment; the field becomes part of the
    /// message.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { message: format!("in {place}: {self}"), field: String::new(), ..self }
    }
}

impl std::error::Error for FieldError {}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => f.write_str(&self.message),
            field => write!(f, "{field}: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_names_the_field_before_a_colon() {
        let error = FieldError::of_validator(&"rules[0].serve: must not be empty");
        assert_eq!(
            (error.field.as_str(), error.message.as_str()),
            ("rules[0].serve", "must not be empty")
        );
        assert_eq!(error.to_string(), "rules[0].serve: must not be empty");
        let whole = FieldError::of_validator(&"line 3: there is no table");
        assert_eq!(
            (whole.field.as_str(), whole.to_string().as_str()),
            ("", "line 3: there is no table")
        );
        assert_eq!(
            error.within("staging").to_string(),
            "in staging: rules[0].serve: must not be empty"
        );
    }
}
