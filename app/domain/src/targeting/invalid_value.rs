//! The mistakes in a condition and in the value that it compares with.

use serde_json::Number;

use crate::ids::InvalidKey;

/// The reason why an operator cannot compare with a value.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    #[error("is missing")]
    Missing,
    #[error("must be a number")]
    NotANumber,
    #[error("must be a text that is not empty")]
    NotAText,
    #[error("must be a number of days")]
    NotDays,
    #[error("must be a date such as 2026-11-23 or 2026-11-23T12:00:00Z")]
    NotADate,
    /// A text that is not a date, with the reason.
    #[error("must be a date; {0}")]
    UnreadableDate(String),
    #[error("must be a version such as 2.1.0")]
    NotAVersion,
    #[error("must be a list with at least one value")]
    NotAList,
    /// More values than a list may have.
    #[error("has {found} values; at most {most} are allowed")]
    TooManyValues { found: usize, most: usize },
    #[error("must be a network such as 10.0.0.0/8, or a list of them")]
    NotANetwork,
    #[error("must name at least one network")]
    NoNetworks,
    #[error(transparent)]
    Network(#[from] InvalidNetwork),
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
    /// A number that was rounded when it was read, so it would compare with another one.
    #[error("has a number of more digits than are kept ({0}); compare it as a text")]
    Rounded(Number),
}

/// The reason why a text is not an IP network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// Neither an address nor an address with a prefix length.
    #[error("{0:?} is not a network such as 10.0.0.0/8")]
    Shape(String),
    /// A part of an IPv4 address begins with a zero.
    #[error("{0:?} has a leading zero, which may mean an octal number; leave it out")]
    LeadingZero(String),
    /// A prefix that spans the IPv4-mapped addresses and others.
    #[error(
        "{0:?} holds addresses of IPv4 and of IPv6, which are told apart here; for all of IPv4 write 0.0.0.0/0"
    )]
    MixedFamilies(String),
}

/// The reason why a regular expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// More bytes than allowed.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// A literal of JavaScript; holds the pattern to write instead.
    #[error("is written as in JavaScript; leave out the slashes and write {0:?}")]
    JavaScript(String),
    /// A syntax error, with a hint where the cause is known.
    #[error("is not a regular expression: {0}")]
    Syntax(String),
    /// A pattern that would take too much memory or time.
    #[error(
        "takes too long to search: repeat fewer things a fixed number of times, write [0-9] for \\d and [A-Za-z0-9_] for \\w, or test with starts_with, ends_with or contains"
    )]
    TooLarge,
}

/// The reason why a JSON value is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionProblem {
    /// Neither a combination, a segment nor a test.
    #[error(
        "must be one of {{\"all\": […]}}, {{\"any\": […]}}, {{\"not\": {{…}}}}, {{\"in_segment\": \"key\"}} or {{\"attribute\": …, \"operator\": …, \"value\": …}}"
    )]
    Shape,
    /// More levels of `all`, `any` and `not` than allowed.
    #[error("is nested more than {0} deep")]
    TooDeep(usize),
    /// `all` or `any` without a list.
    #[error("must be a list")]
    NotAList,
    /// More parts of one `all` or `any` than allowed.
    #[error("has {found} parts; at most {most} are allowed")]
    TooManyParts {
        /// The number of parts.
        found: usize,
        /// The maximum number of parts.
        most: usize,
    },
    /// A segment that is not named by a text.
    #[error("must be a segment's key")]
    NotASegment,
    /// A text that cannot be a segment's key.
    #[error(transparent)]
    SegmentKey(#[from] InvalidKey),
    /// A field that conditions do not have.
    #[error("is not a field of a condition")]
    UnknownField,
    /// A test without an attribute.
    #[error("must name an attribute of the context")]
    NoAttribute,
    /// A test without an operator.
    #[error("is missing")]
    NoOperator,
    /// An operator that does not exist, with those that do.
    #[error("there is no operator {name:?}; choose one of {known}")]
    UnknownOperator {
        /// The name that was sent.
        name: String,
        /// The names of all operators.
        known: String,
    },
    /// A value that the operator cannot compare with.
    #[error(transparent)]
    Value(#[from] InvalidValue),
}
