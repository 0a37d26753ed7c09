//! What a test compares with, read once, so that an evaluation parses nothing of it again.

use std::{cmp::Ordering, collections::BTreeSet, net::IpAddr};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Operator;
use crate::Timestamp;

/// Longest regular expression, in bytes.
const MAX_PATTERN_BYTES: usize = 1_000;

/// Most memory that a compiled regular expression may take, in bytes.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// Longest list of values.
const MAX_LIST: usize = 10_000;

/// What came of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The attribute is as asked.
    Holds,
    /// It is something else.
    Fails,
    /// The context does not have it.
    Missing,
    /// It has a type that cannot be compared, so the test fails.
    WrongType,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// Which results of a comparison count.
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
    In { texts: BTreeSet<String>, others: Vec<Value> },
    Contains(Value),
    StartsWith(String),
    EndsWith(String),
    Matches(Box<Regex>),
    Number(Comparison, f64),
    Instant(Comparison, Timestamp),
    WithinLast(TimeDelta),
    OlderThan(TimeDelta),
    Version(Comparison, Version),
    Network(Vec<IpNet>),
}

impl Check {
    /// Reads the value of a test.
    ///
    /// # Errors
    /// Says what the operator needs instead.
    pub(super) fn new(operator: Operator, value: &Value) -> Result<Self, String> {
        let number = || value.as_f64().ok_or_else(|| "must be a number".to_owned());
        let words = || match value.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err("must be a text that is not empty".to_owned()),
        };
        let limit = || {
            let days = value.as_f64().filter(|days| *days >= 0.0);
            days.and_then(self::days).ok_or_else(|| "must be a number of days".to_owned())
        };
        let date = || {
            instant(value).ok_or_else(|| {
                "must be a date such as 2026-11-23 or 2026-11-23T12:00:00Z".to_owned()
            })
        };
        let release = || {
            value
                .as_str()
                .and_then(version)
                .ok_or_else(|| "must be a version such as 2.1.0".to_owned())
        };
        Ok(match operator {
            Operator::Exists => Self::Exists,
            Operator::Equals if value.is_null() => return Err("is missing".to_owned()),
            Operator::Equals => Self::Equals(value.clone()),
            Operator::In => list(value)?,
            Operator::Contains if value.is_null() => return Err("is missing".to_owned()),
            Operator::Contains => Self::Contains(value.clone()),
            Operator::StartsWith => Self::StartsWith(words()?),
            Operator::EndsWith => Self::EndsWith(words()?),
            Operator::Matches => Self::Matches(Box::new(pattern(&words()?)?)),
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
            Operator::InCidr => Self::Network(networks(value)?),
        })
    }

    /// Compares an attribute of any type.
    pub(super) fn judge(&self, found: &Value, now: Timestamp) -> Verdict {
        match (self, found) {
            (_, Value::String(text)) => self.judge_text(text, now),
            (Self::Exists, _) => Verdict::Holds,
            (Self::Equals(value), _) if of_one_type(value, found) => same(value, found).into(),
            (Self::In { others, .. }, Value::Number(_) | Value::Bool(_)) => {
                others.iter().any(|value| same(value, found)).into()
            }
            (Self::Contains(value), Value::Array(list)) => {
                list.iter().any(|item| same(item, value)).into()
            }
            (Self::Number(comparison, value), Value::Number(number)) => number
                .as_f64()
                .and_then(|number| number.partial_cmp(value))
                .is_some_and(|ordering| comparison.accepts(ordering))
                .into(),
            (Self::Instant(..) | Self::WithinLast(_) | Self::OlderThan(_), Value::Number(_)) => {
                instant(found).map_or(Verdict::WrongType, |then| self.judge_instant(then, now))
            }
            _ => Verdict::WrongType,
        }
    }

    /// Compares a text, without wrapping it first: the targeting key is one.
    pub(super) fn judge_text(&self, found: &str, now: Timestamp) -> Verdict {
        match self {
            Self::Exists => Verdict::Holds,
            Self::Equals(Value::String(value)) => (value == found).into(),
            Self::In { texts, .. } => texts.contains(found).into(),
            Self::Contains(Value::String(value)) => found.contains(value.as_str()).into(),
            Self::StartsWith(value) => found.starts_with(value.as_str()).into(),
            Self::EndsWith(value) => found.ends_with(value.as_str()).into(),
            Self::Matches(pattern) => pattern.is_match(found).into(),
            Self::Instant(..) | Self::WithinLast(_) | Self::OlderThan(_) => parse_instant(found)
                .map_or(Verdict::WrongType, |then| self.judge_instant(then, now)),
            Self::Version(comparison, value) => version(found)
                .map_or(Verdict::WrongType, |found| {
                    comparison.accepts(found.cmp_precedence(value)).into()
                }),
            Self::Network(networks) => {
                // An IPv4 address may come wrapped in an IPv6 one, from a socket that takes both.
                found
                    .parse::<IpAddr>()
                    .map(|a| a.to_canonical())
                    .map_or(Verdict::WrongType, |address| {
                        networks.iter().any(|network| network.contains(&address)).into()
                    })
            }
            Self::Equals(_) | Self::Contains(_) | Self::Number(..) => Verdict::WrongType,
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

fn list(value: &Value) -> Result<Check, String> {
    let items = value.as_array().filter(|list| !list.is_empty());
    let items = items.ok_or("must be a list with at least one value")?;
    if items.len() > MAX_LIST {
        return Err(format!("has {} values; at most {MAX_LIST} are allowed", items.len()));
    }
    let mut texts = BTreeSet::new();
    let mut others = Vec::new();
    for item in items {
        match item {
            Value::String(text) => {
                texts.insert(text.clone());
            }
            other => others.push(other.clone()),
        }
    }
    Ok(Check::In { texts, others })
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.len() > MAX_PATTERN_BYTES {
        return Err(format!("is longer than {MAX_PATTERN_BYTES} bytes"));
    }
    RegexBuilder::new(text).size_limit(MAX_PATTERN_SIZE).build().map_err(|error| {
        // The crate draws the place under the pattern; its last line says what is wrong.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("is not a regular expression: {reason}")
    })
}

fn networks(value: &Value) -> Result<Vec<IpNet>, String> {
    let one = |value: &Value| {
        let text =
            value.as_str().ok_or("must be a network such as 10.0.0.0/8, or a list of them")?;
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse::<IpNet>().ok().or_else(address);
        network.ok_or_else(|| format!("{text:?} is not a network such as 10.0.0.0/8"))
    };
    match value {
        Value::Array(list) if list.is_empty() => Err("must name at least one network".to_owned()),
        Value::Array(list) if list.len() > MAX_LIST => {
            Err(format!("has more than {MAX_LIST} values"))
        }
        Value::Array(list) => list.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

/// JSON equality in which 1 and 1.0 are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn of_one_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn days(count: f64) -> Option<TimeDelta> {
    let milliseconds = count * 86_400_000.0;
    // A cast of floats saturates, and chrono refuses what it cannot hold.
    TimeDelta::try_milliseconds(milliseconds as i64)
}

/// RFC 3339, a plain date (midnight UTC), or milliseconds since 1970.
fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => parse_instant(text),
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_i64()?),
        _ => None,
    }
}

fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let midnight = || Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc());
    DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()).ok().or_else(midnight)
}

/// A version; apps say `v2` and `2.1` too, so what is left out is 0.
fn version(text: &str) -> Option<Version> {
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
