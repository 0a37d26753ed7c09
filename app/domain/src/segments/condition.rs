//! Conditions: what a segment asks of a context.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Timestamp, context::EvaluationContext};

/// A condition over attributes, or a combination of conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// True when all of them are; also when there are none.
    All {
        /// The parts.
        all: Vec<Condition>,
    },
    /// True when one of them is.
    Any {
        /// The parts.
        any: Vec<Condition>,
    },
    /// True when the part is not.
    Not {
        /// The part.
        not: Box<Condition>,
    },
    /// One attribute's test.
    Test(Test),
}

/// What one attribute must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The attribute's name in the context; `targetingKey` is one too.
    pub attribute: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; its type depends on the operator. Not needed for `exists`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// How an attribute is compared. A missing attribute, or one of another type, is never a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same JSON value; numbers by value.
    Equals,
    /// One of a list.
    In,
    /// A text that holds this one, or a list that does.
    Contains,
    /// A text that begins so.
    StartsWith,
    /// A text that ends so.
    EndsWith,
    /// A larger number.
    GreaterThan,
    /// This number or larger.
    AtLeast,
    /// A smaller number.
    LessThan,
    /// This number or smaller.
    AtMost,
    /// There at all.
    Exists,
    /// A date at most this many days before now, and not in the future.
    WithinLastDays,
    /// A date more than this many days before now.
    OlderThanDays,
}

impl Condition {
    /// Whether the context satisfies the condition at `now`.
    #[must_use]
    pub fn matches(&self, context: &EvaluationContext, now: Timestamp) -> bool {
        match self {
            Self::All { all } => all.iter().all(|part| part.matches(context, now)),
            Self::Any { any } => any.iter().any(|part| part.matches(context, now)),
            Self::Not { not } => !not.matches(context, now),
            Self::Test(test) => test.matches(context, now),
        }
    }
}

impl Test {
    fn matches(&self, context: &EvaluationContext, now: Timestamp) -> bool {
        if self.attribute == "targetingKey" {
            let key = context.targeting_key();
            return key.is_some_and(|key| self.accepts_text(key));
        }
        context.attribute(&self.attribute).is_some_and(|found| self.accepts(found, now))
    }

    fn accepts(&self, found: &Value, now: Timestamp) -> bool {
        match self.operator {
            Operator::Exists => true,
            Operator::GreaterThan => self.number(found, |a, b| a > b),
            Operator::AtLeast => self.number(found, |a, b| a >= b),
            Operator::LessThan => self.number(found, |a, b| a < b),
            Operator::AtMost => self.number(found, |a, b| a <= b),
            Operator::WithinLastDays => {
                self.age(found, now, |age, limit| age >= TimeDelta::zero() && age <= limit)
            }
            Operator::OlderThanDays => self.age(found, now, |age, limit| age > limit),
            Operator::Contains if found.is_array() => {
                found.as_array().is_some_and(|list| list.iter().any(|item| same(item, &self.value)))
            }
            Operator::Equals if !found.is_string() => same(found, &self.value),
            Operator::In if !found.is_string() => self.is_listed(|item| same(item, found)),
            _ => found.as_str().is_some_and(|text| self.accepts_text(text)),
        }
    }

    fn accepts_text(&self, found: &str) -> bool {
        let value = self.value.as_str();
        match self.operator {
            Operator::Equals => value == Some(found),
            Operator::In => self.is_listed(|item| item.as_str() == Some(found)),
            Operator::Contains => value.is_some_and(|value| found.contains(value)),
            Operator::StartsWith => value.is_some_and(|value| found.starts_with(value)),
            Operator::EndsWith => value.is_some_and(|value| found.ends_with(value)),
            Operator::Exists => true,
            _ => false,
        }
    }

    fn is_listed(&self, is_it: impl Fn(&Value) -> bool) -> bool {
        self.value.as_array().is_some_and(|list| list.iter().any(is_it))
    }

    fn number(&self, found: &Value, compare: impl Fn(f64, f64) -> bool) -> bool {
        found.as_f64().zip(self.value.as_f64()).is_some_and(|(a, b)| compare(a, b))
    }

    fn age(
        &self,
        found: &Value,
        now: Timestamp,
        compare: impl Fn(TimeDelta, TimeDelta) -> bool,
    ) -> bool {
        let limit = self.value.as_f64().and_then(days);
        instant(found).zip(limit).is_some_and(|(then, limit)| compare(now - then, limit))
    }
}

/// JSON equality in which 1 and 1.0 are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn days(count: f64) -> Option<TimeDelta> {
    let milliseconds = count * 86_400_000.0;
    // A cast of floats saturates, and chrono refuses what it cannot hold.
    TimeDelta::try_milliseconds(milliseconds as i64)
}

/// RFC 3339, a plain date (midnight UTC), or milliseconds since 1970.
fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .map(|instant| instant.to_utc())
            .ok()
            .or_else(|| Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc())),
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_i64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn holds(condition: Value, context: Value) -> bool {
        let condition: Condition = serde_json::from_value(condition).unwrap();
        condition.matches(&EvaluationContext::from_json(context).unwrap(), now())
    }

    #[test]
    fn each_operator_matches_what_it_says() {
        for (operator, value, yes, no) in [
            ("equals", json!("pro"), json!("pro"), json!("free")),
            ("equals", json!(1), json!(1.0), json!("1")),
            ("equals", json!(true), json!(true), json!(false)),
            ("in", json!(["a", "b"]), json!("b"), json!("c")),
            ("in", json!([1, 2]), json!(2.0), json!(3)),
            ("contains", json!("beta"), json!(["x", "beta"]), json!(["x"])),
            ("contains", json!("@ex"), json!("ada@example.com"), json!("ada")),
            ("starts_with", json!("a"), json!("abc"), json!("cba")),
            ("ends_with", json!("a"), json!("cba"), json!("abc")),
            ("greater_than", json!(12), json!(13), json!(12)),
            ("at_least", json!(12), json!(12), json!(11.9)),
            ("less_than", json!(12), json!(11), json!(12)),
            ("at_most", json!(12), json!(12), json!("11")),
            ("exists", json!(null), json!(0), json!(null)),
            ("within_last_days", json!(30), json!("2023-11-01"), json!("2023-09-01")),
            ("within_last_days", json!(1), json!(1_700_000_000_000_i64), json!("2024-01-01")),
            ("older_than_days", json!(30), json!("2023-01-01T00:00:00Z"), json!("2023-11-01")),
        ] {
            let condition = json!({"attribute": "it", "operator": operator, "value": value});
            assert!(holds(condition.clone(), json!({"it": yes})), "{operator} {value} {yes}");
            assert!(!holds(condition.clone(), json!({"it": no})), "{operator} {value} {no}");
            assert!(!holds(condition, json!({})), "{operator} of a missing attribute");
        }
    }

    #[test]
    fn conditions_combine() {
        let pro = json!({"attribute": "plan", "operator": "equals", "value": "pro"});
        let ada = json!({"attribute": "targetingKey", "operator": "equals", "value": "ada"});
        let context = json!({"targetingKey": "ada", "plan": "free"});
        assert!(holds(json!({"any": [pro, ada]}), context.clone()));
        assert!(!holds(json!({"all": [pro, ada]}), context.clone()));
        assert!(holds(json!({"not": pro}), context));
    }

    proptest! {
        #[test]
        fn no_context_makes_a_condition_panic(text in ".{0,20}", number in any::<f64>()) {
            for operator in ["equals", "in", "contains", "at_least", "within_last_days", "older_than_days"] {
                for value in [json!(text), json!(number), json!([text, number])] {
                    let condition = json!({"attribute": "it", "operator": operator, "value": value});
                    for found in [json!(text), json!(number), json!([number]), json!({"a": text})] {
                        holds(condition.clone(), json!({ "it": found }));
                    }
                }
            }
        }
    }
}
