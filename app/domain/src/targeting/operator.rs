//! The operators of tests.

use serde::{Deserialize, Serialize};

/// How an attribute is compared. A missing attribute, or one of another type, never matches.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same JSON value; numbers by value.
    Equals,
    /// One of a list.
    In,
    /// A text that contains this one, or a list that contains this value.
    Contains,
    /// A text with this prefix.
    StartsWith,
    /// A text with this suffix.
    EndsWith,
    /// A text in which this regular expression matches; searched in linear time.
    Matches,
    GreaterThan,
    /// This number or larger.
    AtLeast,
    LessThan,
    /// This number or smaller.
    AtMost,
    Exists,
    /// A date before this one.
    Before,
    /// A date after this one.
    After,
    /// A date at most this many days before now, and not in the future.
    WithinLastDays,
    /// A date more than this many days before now.
    OlderThanDays,
    /// The same version, by the rules of semver.org.
    SemverEquals,
    SemverGreaterThan,
    /// This version or a later one.
    SemverAtLeast,
    SemverLessThan,
    /// This version or an earlier one.
    SemverAtMost,
    /// An address inside a network such as `10.0.0.0/8`, or inside one of a list.
    InCidr,
}

impl Operator {
    /// All operators, in the order in which pages list them.
    pub const ALL: [Self; 21] = [
        Self::Equals,
        Self::In,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Matches,
        Self::GreaterThan,
        Self::AtLeast,
        Self::LessThan,
        Self::AtMost,
        Self::Exists,
        Self::Before,
        Self::After,
        Self::WithinLastDays,
        Self::OlderThanDays,
        Self::SemverEquals,
        Self::SemverGreaterThan,
        Self::SemverAtLeast,
        Self::SemverLessThan,
        Self::SemverAtMost,
        Self::InCidr,
    ];

    /// The notation of files and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::In => "in",
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Matches => "matches",
            Self::GreaterThan => "greater_than",
            Self::AtLeast => "at_least",
            Self::LessThan => "less_than",
            Self::AtMost => "at_most",
            Self::Exists => "exists",
            Self::Before => "before",
            Self::After => "after",
            Self::WithinLastDays => "within_last_days",
            Self::OlderThanDays => "older_than_days",
            Self::SemverEquals => "semver_equals",
            Self::SemverGreaterThan => "semver_greater_than",
            Self::SemverAtLeast => "semver_at_least",
            Self::SemverLessThan => "semver_less_than",
            Self::SemverAtMost => "semver_at_most",
            Self::InCidr => "in_cidr",
        }
    }

    /// Parses the notation of [`Operator::as_str`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str() == name)
    }

    /// The phrase between attribute and value in a sentence.
    #[must_use]
    pub fn as_phrase(self) -> &'static str {
        match self {
            Self::Equals => "is",
            Self::In => "is one of",
            Self::Contains => "contains",
            Self::StartsWith => "starts with",
            Self::EndsWith => "ends with",
            Self::Matches => "matches",
            Self::GreaterThan => "is greater than",
            Self::AtLeast => "is at least",
            Self::LessThan => "is less than",
            Self::AtMost => "is at most",
            Self::Exists => "is known",
            Self::Before => "is before",
            Self::After => "is after",
            Self::WithinLastDays => "is within the last",
            Self::OlderThanDays => "is longer ago than",
            Self::SemverEquals => "is version",
            Self::SemverGreaterThan => "is a version after",
            Self::SemverAtLeast => "is at least version",
            Self::SemverLessThan => "is a version before",
            Self::SemverAtMost => "is at most version",
            Self::InCidr => "is in the network",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_a_name_returns_its_operator() {
        for operator in Operator::ALL {
            assert_eq!(Operator::parse(operator.as_str()), Some(operator));
            assert_eq!(serde_json::to_value(operator).unwrap(), operator.as_str());
        }
        assert_eq!(Operator::parse("like"), None);
    }
}
