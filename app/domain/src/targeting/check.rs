//! The value of a test, parsed once so that evaluations do not parse it again.

use std::{cmp::Ordering, net::IpAddr};

use chrono::TimeDelta;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::{
    InvalidValue, Operator,
    instant::{self, parse_instant},
    list::ValueList,
    network::Networks,
    number::{self, equals_json},
    pattern::Pattern,
};
use crate::Timestamp;

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The attribute satisfies the test.
    Holds,
    /// The attribute does not satisfy the test.
    Fails,
    /// The context lacks the attribute.
    Missing,
    /// The attribute has a type that cannot be compared, so the test fails.
    WrongType,
    /// The attribute has the right type, but is no valid date, version or address, or a number that
    /// may have been rounded; the test fails.
    Unreadable,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// The orderings that a test accepts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    Greater,
    AtLeast,
    Less,
    AtMost,
}

impl Comparison {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Check {
    Exists,
    Equals(Value),
    In(ValueList),
    Contains(Value),
    StartsWith(String),
    EndsWith(String),
    Matches(Pattern),
    Number(Comparison, Number),
    Instant(Comparison, Timestamp),
    WithinLast(TimeDelta),
    OlderThan(TimeDelta),
    Version(Comparison, Version),
    Network(Networks),
}

impl Check {
    /// Parses the value of a test.
    ///
    /// # Errors
    /// Returns what the operator needs instead.
    pub(super) fn new(operator: Operator, value: &Value) -> Result<Self, InvalidValue> {
        let number = || match value {
            Value::Number(number) => Ok(number.clone()),
            _ => Err(InvalidValue::NotANumber),
        };
        let words = || match value.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(InvalidValue::NotAText),
        };
        let limit = || {
            let days = value.as_f64().filter(|days| *days >= 0.0);
            days.and_then(self::days_to_duration).ok_or(InvalidValue::NotDays)
        };
        let date = || {
            parse_instant(value).ok_or_else(|| match value.as_str() {
                Some(text) => InvalidValue::UnreadableDate(instant::explain_invalid_text(text)),
                None => InvalidValue::NotADate,
            })
        };
        let release = || value.as_str().and_then(parse_version).ok_or(InvalidValue::NotAVersion);
        Ok(match operator {
            Operator::Exists => Self::Exists,
            Operator::Equals if value.is_null() => return Err(InvalidValue::Missing),
            Operator::Equals => Self::Equals(value.clone()),
            Operator::In => Self::In(ValueList::new(value)?),
            Operator::Contains if value.is_null() => return Err(InvalidValue::Missing),
            Operator::Contains => Self::Contains(value.clone()),
            Operator::StartsWith => Self::StartsWith(words()?),
            Operator::EndsWith => Self::EndsWith(words()?),
            Operator::Matches => Self::Matches(Pattern::new(&words()?)?),
            Operator::GreaterThan => Self::Number(Comparison::Greater, number()?),
            Operator::AtLeast => Self::Number(Comparison::AtLeast, number()?),
            Operator::LessThan => Self::Number(Comparison::Less, number()?),
            Operator::AtMost => Self::Number(Comparison::AtMost, number()?),
            Operator::Before => Self::Instant(Comparison::Less, date()?),
            Operator::After => Self::Instant(Comparison::Greater, date()?),
            Operator::WithinLastDays => Self::WithinLast(limit()?),
            Operator::OlderThanDays => Self::OlderThan(limit()?),
            Operator::SemverEquals => Self::Version(Comparison::Equal, release()?),
            Operator::SemverGreaterThan => Self::Version(Comparison::Greater, release()?),
            Operator::SemverAtLeast => Self::Version(Comparison::AtLeast, release()?),
            Operator::SemverLessThan => Self::Version(Comparison::Less, release()?),
            Operator::SemverAtMost => Self::Version(Comparison::AtMost, release()?),
            Operator::InCidr => Self::Network(Networks::new(value)?),
        })
    }

    /// Compares an attribute of any type.
    pub(super) fn judge_value(&self, found: &Value, now: Timestamp) -> Verdict {
        match (self, found) {
            (_, Value::String(text)) => self.judge_text(text, now),
            (Self::Exists, _) => Verdict::Holds,
            // The number may have been another one before it was rounded.
            (Self::Equals(_) | Self::In(_) | Self::Number(..), Value::Number(number))
                if number::may_be_rounded(number) =>
            {
                Verdict::Unreadable
            }
            (Self::Equals(value), _) if have_same_type(value, found) => {
                equals_json(value, found).into()
            }
            (Self::In(list), Value::Number(_) | Value::Bool(_)) => {
                list.contains(found).map_or(Verdict::WrongType, Verdict::from)
            }
            (Self::Contains(value), Value::Array(list)) => {
                list.iter().any(|item| equals_json(item, value)).into()
            }
            (Self::Number(comparison, value), Value::Number(found)) => {
                number::compare_numbers(found, value)
                    .is_some_and(|ordering| comparison.accepts(ordering))
                    .into()
            }
            (Self::Instant(..) | Self::WithinLast(_) | Self::OlderThan(_), Value::Number(_)) => {
                parse_instant(found)
                    .map_or(Verdict::Unreadable, |then| self.judge_instant(then, now))
            }
            _ => Verdict::WrongType,
        }
    }

    /// Compares a text without wrapping it in a [`Value`] first, for the targeting key.
    pub(super) fn judge_text(&self, found: &str, now: Timestamp) -> Verdict {
        match self {
            Self::Exists => Verdict::Holds,
            Self::Equals(Value::String(value)) => (value == found).into(),
            Self::In(list) => list.contains_text(found).map_or(Verdict::WrongType, Verdict::from),
            Self::Contains(Value::String(value)) => found.contains(value.as_str()).into(),
            Self::StartsWith(value) => found.starts_with(value.as_str()).into(),
            Self::EndsWith(value) => found.ends_with(value.as_str()).into(),
            Self::Matches(pattern) => pattern.is_match(found).into(),
            Self::Instant(..) | Self::WithinLast(_) | Self::OlderThan(_) => {
                instant::parse_text(found)
                    .map_or(Verdict::Unreadable, |then| self.judge_instant(then, now))
            }
            Self::Version(comparison, value) => parse_version(found)
                .map_or(Verdict::Unreadable, |found| {
                    comparison.accepts(found.cmp_precedence(value)).into()
                }),
            Self::Network(networks) => found
                .parse::<IpAddr>()
                .map_or(Verdict::Unreadable, |address| networks.contains(address).into()),
            Self::Equals(_) | Self::Contains(_) | Self::Number(..) => Verdict::WrongType,
        }
    }

    /// Explains why an attribute is [`Verdict::Unreadable`].
    pub(super) fn explain_unreadable(&self, found: &Value) -> Option<String> {
        let found = match found {
            Value::String(text) => text,
            Value::Number(number)
                if number::may_be_rounded(number)
                    && matches!(self, Self::Equals(_) | Self::In(_) | Self::Number(..)) =>
            {
                return Some(format!(
                    "{number} has more digits than numbers keep; send it as a text"
                ));
            }
            other => return Some(format!("{other} is too far away for a date")),
        };
        match self {
            Self::Instant(..) | Self::WithinLast(_) | Self::OlderThan(_) => {
                Some(instant::explain_invalid_text(found))
            }
            Self::Version(..) => Some(format!("{found:?} is not a version such as 2.1.0")),
            Self::Network(_) => Some(format!("{found:?} is not an IP address")),
            _ => None,
        }
    }

    /// Explains why the value may no longer be saved, although older versions accepted it.
    pub(super) fn explain_unsavable(&self) -> Option<InvalidValue> {
        let rounded = match self {
            Self::Matches(pattern) => return pattern.explain_unsavable().map(InvalidValue::from),
            Self::Equals(value) | Self::Contains(value) => number::rounded_number(value),
            Self::In(list) => list.first_rounded(),
            Self::Number(_, number) => Some(number).filter(|number| number::may_be_rounded(number)),
            _ => None,
        };
        rounded.cloned().map(InvalidValue::Rounded)
    }

    /// Whether the written value is stored only here, not in the test as well.
    pub(super) fn keeps_list(&self) -> bool {
        matches!(self, Self::In(_) | Self::Network(_))
    }

    /// Whether two checks of the same operator have the same list, or none.
    pub(super) fn has_same_list(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::In(a), Self::In(b)) => a == b,
            (Self::Network(a), Self::Network(b)) => a == b,
            (a, b) => a.keeps_list() == b.keeps_list(),
        }
    }

    /// The value as it was written, if it is stored only here.
    pub(super) fn written_list(&self) -> Option<Value> {
        match self {
            Self::In(list) => Some(list.to_json()),
            Self::Network(networks) => Some(networks.to_json()),
            _ => None,
        }
    }

    fn judge_instant(&self, then: Timestamp, now: Timestamp) -> Verdict {
        let age = now - then;
        match self {
            Self::Instant(comparison, value) => comparison.accepts(then.cmp(value)),
            Self::WithinLast(limit) => age >= TimeDelta::zero() && age <= *limit,
            Self::OlderThan(limit) => age > *limit,
            _ => false,
        }
        .into()
    }
}

fn have_same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn days_to_duration(count: f64) -> Option<TimeDelta> {
    let milliseconds = count * 86_400_000.0;
    // The cast saturates, and chrono refuses durations that it cannot represent.
    TimeDelta::try_milliseconds(milliseconds as i64)
}

/// Parses a version. Apps also send `v2` and `2.1`, whose missing parts are 0.
fn parse_version(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    if let Ok(version) = Version::parse(text) {
        return Some(version);
    }
    let numbers = text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    match *numbers.as_slice() {
        [major] => Some(Version::new(major, 0, 0)),
        [major, minor] => Some(Version::new(major, minor, 0)),
        _ => None,
    }
}
