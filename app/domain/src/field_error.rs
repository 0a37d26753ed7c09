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
    Pinned,
}

/// An error in a field. Displayed as `field: message`, or as the message alone if it concerns the
/// whole request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The path of the field, such as `rules[0].variant`; empty for the whole request.
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
    pub fn without_field(code: FieldCode, message: impl Into<String>) -> Self {
        Self::new("", code, message)
    }

    /// Moves the error into `parent`: `variant` in `rules[0]` becomes `rules[0].variant`.
    #[must_use]
    pub fn inside(self, parent: &str) -> Self {
        Self { field: join(parent, &self.field), ..self }
    }

    /// Moves the error to another `place`, such as an environment; the field becomes part of the
    /// message.
    #[must_use]
    pub fn move_to_place(self, place: &str) -> Self {
        Self { message: format!("in {place}: {self}"), field: String::new(), ..self }
    }
}

/// An error of a validator, which knows its field and code. Its text does not repeat the field.
pub trait FieldProblem: std::error::Error {
    /// The path of the field, such as `rules[0].variant`; empty for the whole.
    fn field(&self) -> String;

    /// The kind of the mistake.
    fn code(&self) -> FieldCode;
}

impl<P: FieldProblem> From<P> for FieldError {
    fn from(problem: P) -> Self {
        Self::new(problem.field(), problem.code(), problem.to_string())
    }
}

/// Joins two paths of fields; either may be empty.
pub(crate) fn join(parent: &str, child: &str) -> String {
    match (parent, child) {
        ("", child) => child.to_owned(),
        (parent, "") => parent.to_owned(),
        (parent, child) if child.starts_with('[') => format!("{parent}{child}"),
        (parent, child) => format!("{parent}.{child}"),
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
    fn the_text_names_the_field_unless_it_is_about_the_whole() {
        let error = FieldError::new("variant", FieldCode::Missing, "must not be empty");
        assert_eq!(
            error.clone().inside("rules[0]").to_string(),
            "rules[0].variant: must not be empty"
        );
        assert_eq!(
            error.move_to_place("staging").to_string(),
            "in staging: variant: must not be empty"
        );
        assert_eq!(
            FieldError::without_field(FieldCode::TooMany, "at most 3").to_string(),
            "at most 3"
        );
    }
}
