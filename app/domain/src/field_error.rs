//! What is wrong with one field of what was sent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a mistake, for programs; the message is for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// It is needed and was left out or is empty.
    Missing,
    /// It is not one of the values, or not of the form, that the field takes.
    Invalid,
    /// It has more characters than it may.
    TooLong,
    /// There are more of them than there may be.
    TooMany,
    /// It names something that does not exist.
    Unknown,
    /// The name is kept for something else.
    Reserved,
    /// The field never changes, or not by this request.
    Unchangeable,
    /// A variable of the server holds the value.
    Held,
}

/// A mistake in a field. As text: `field: message`, or the message alone where it is about the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The path of the field, such as `rules[0].serve`; empty for the whole.
    pub field: String,
    /// The kind of the mistake.
    pub code: FieldCode,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl FieldError {
    /// A mistake in a field.
    #[must_use]
    pub fn new(field: impl Into<String>, code: FieldCode, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// A mistake in the whole of what was sent.
    #[must_use]
    pub fn whole(code: FieldCode, message: impl Into<String>) -> Self {
        Self::new("", code, message)
    }

    /// What a validator says, which names the field before a colon.
    #[must_use]
    pub fn of_validator(said: &dyn fmt::Display) -> Self {
        let said = said.to_string();
        let is_path = |head: &str| !head.is_empty() && !head.contains(char::is_whitespace);
        match said.split_once(": ").filter(|(head, _)| is_path(head)) {
            Some((field, message)) => Self::new(field, FieldCode::Invalid, message),
            None => Self::whole(FieldCode::Invalid, said),
        }
    }

    /// The same mistake, told of a place that is not the one at hand.
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
