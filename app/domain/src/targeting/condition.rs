//! Conditions of segments and rules over the evaluation context.

use serde_json::Value;

use super::{ConditionProblem, EvaluationContext, InvalidValue, Operator, Verdict, check::Check};
use crate::{
    Timestamp,
    field_error::{FieldCode, FieldProblem},
    ids::SegmentKey,
};

/// The key of the segment that is built in and matches all users.
pub const EVERYONE: &str = "everyone";

/// A condition over attributes, or a combination of conditions.
///
/// Deserializing validates it ([`crate::targeting::InvalidCondition`]), so an invalid regular
/// expression or network cannot be stored. As JSON: `{"all": […]}`, `{"any": […]}`, `{"not": …}`,
/// `{"in_segment": "beta_testers"}` or `{"attribute": …, "operator": …, "value": …}`.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// True if all parts are, or if there are none.
    All(Vec<Self>),
    /// True if any part is.
    Any(Vec<Self>),
    /// True if the part is not.
    Not(Box<Self>),
    /// True for the users of a segment.
    InSegment(SegmentKey),
    Test(Test),
}

impl Default for Condition {
    /// The condition that matches every user.
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// A test of one attribute.
#[derive(Debug, Clone)]
pub struct Test {
    /// The attribute's name in the context; `targetingKey` is one too.
    pub attribute: String,
    /// How the attribute is compared.
    pub operator: Operator,
    /// The value to compare with, as written; null for `exists`, and if `check` has it as a list.
    value: Value,
    /// The parsed value to compare with.
    check: Check,
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        (&self.attribute, self.operator, &self.value)
            == (&other.attribute, other.operator, &other.value)
            && self.check.has_same_list(&other.check)
    }
}

/// Why a JSON value is not a valid condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct InvalidCondition {
    /// The path of the invalid part, such as `any[1].value`; empty for the whole.
    pub path: String,
    /// What is wrong with this part.
    pub problem: ConditionProblem,
}

impl FieldProblem for InvalidCondition {
    fn field(&self) -> String {
        self.path.clone()
    }

    fn code(&self) -> FieldCode {
        FieldCode::Invalid
    }
}

impl Condition {
    /// Whether the condition matches every user without a test.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::is_everyone),
            Self::InSegment(key) => key.as_str() == EVERYONE,
            _ => false,
        }
    }

    /// Checks that all values may be saved. Regular expressions that take too long and numbers that
    /// were rounded are refused only here, because older versions stored them.
    ///
    /// # Errors
    /// Returns the path and the problem of the first such value.
    pub fn check_values(&self) -> Result<(), InvalidCondition> {
        fn check_part(condition: &Condition, path: &str) -> Result<(), InvalidCondition> {
            let field = |name: &str| match path {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            let each = |parts: &[Condition], name: &str| {
                let at = |index| format!("{}[{index}]", field(name));
                parts.iter().enumerate().try_for_each(|(index, part)| check_part(part, &at(index)))
            };
            match condition {
                Condition::All(parts) => each(parts, "all"),
                Condition::Any(parts) => each(parts, "any"),
                Condition::Not(part) => check_part(part, &field("not")),
                Condition::InSegment(_) => Ok(()),
                Condition::Test(test) => match test.check.explain_unsavable() {
                    Some(problem) => {
                        Err(InvalidCondition { path: field("value"), problem: problem.into() })
                    }
                    None => Ok(()),
                },
            }
        }
        check_part(self, "")
    }

    /// The segments that it refers to, possibly with duplicates.
    #[must_use]
    pub fn segments(&self) -> Vec<&SegmentKey> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::segments).collect(),
            Self::Not(part) => part.segments(),
            Self::InSegment(key) => vec![key],
            Self::Test(_) => Vec::new(),
        }
    }
}

impl Test {
    /// Creates a test from a value that suits the operator.
    ///
    /// # Errors
    /// Returns what the operator needs as its value.
    pub fn new(
        attribute: impl Into<String>,
        operator: Operator,
        value: Value,
    ) -> Result<Self, InvalidValue> {
        let check = Check::new(operator, &value)?;
        // Lists may be long, so they are stored once.
        let value = if check.keeps_list() { Value::Null } else { value };
        Ok(Self { attribute: attribute.into(), operator, value, check })
    }

    /// The value to compare with, as written; null for `exists`.
    #[must_use]
    pub fn value(&self) -> Value {
        self.check.written_list().unwrap_or_else(|| self.value.clone())
    }

    /// Explains why an attribute of the right type could not be compared.
    pub(super) fn explain_unreadable(&self, found: &Value) -> Option<String> {
        self.check.explain_unreadable(found)
    }

    /// The attribute's value in the context, as JSON.
    #[must_use]
    pub fn attribute_value(&self, context: &EvaluationContext) -> Option<Value> {
        match self.attribute.as_str() {
            EvaluationContext::TARGETING_KEY => context.targeting_key().map(Value::from),
            name => context.attribute(name).cloned(),
        }
    }

    pub(super) fn judge_context(&self, context: &EvaluationContext, now: Timestamp) -> Verdict {
        let verdict = match self.attribute.as_str() {
            EvaluationContext::TARGETING_KEY => {
                context.targeting_key().map(|key| self.check.judge_text(key, now))
            }
            name => context.attribute(name).map(|found| self.check.judge_value(found, now)),
        };
        verdict.unwrap_or(Verdict::Missing)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::targeting::Segments;

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn condition_holds(condition: Value, context: Value) -> bool {
        let condition: Condition = serde_json::from_value(condition).unwrap();
        let context = EvaluationContext::from_json(context).unwrap();
        condition.matches(&context, &Segments::new(), now())
    }

    #[test]
    fn each_operator_tells_matching_values_from_others() {
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
            ("matches", json!("^u[0-9]+$"), json!("u12"), json!("u")),
            ("greater_than", json!(12), json!(13), json!(12)),
            ("at_least", json!(12), json!(12), json!(11.9)),
            ("less_than", json!(12), json!(11), json!(12)),
            ("at_most", json!(12), json!(12), json!("11")),
            ("exists", json!(null), json!(0), json!(null)),
            ("before", json!("2024-01-01"), json!("2023-12-31T23:59:59Z"), json!("2024-01-01")),
            ("after", json!("2024-01-01"), json!(1_704_067_200_001_i64), json!("2024-01-01")),
            ("within_last_days", json!(30), json!("2023-11-01"), json!("2023-09-01")),
            ("within_last_days", json!(1), json!(1_700_000_000_000_i64), json!("2024-01-01")),
            ("older_than_days", json!(30), json!("2023-01-01T00:00:00Z"), json!("2023-11-01")),
            ("semver_equals", json!("2.1.0"), json!("v2.1"), json!("2.1.0-rc.1")),
            ("semver_greater_than", json!("2.1.0"), json!("2.10.0"), json!("2.1.0")),
            ("semver_at_least", json!("2.1"), json!("2.1.0"), json!("2.0.9")),
            ("semver_less_than", json!("2.1.0"), json!("2.1.0-beta"), json!("two")),
            ("semver_at_most", json!("2"), json!("2.0.0"), json!("2.0.1")),
            ("in_cidr", json!("10.0.0.0/8"), json!("10.1.2.3"), json!("11.1.2.3")),
            ("in_cidr", json!("10.0.0.0/8"), json!("::ffff:10.1.2.3"), json!("::ffff:11.1.2.3")),
            ("in_cidr", json!(["::1", "fd00::/8"]), json!("fd12::1"), json!("not an address")),
        ] {
            let condition = json!({"attribute": "it", "operator": operator, "value": value});
            assert!(
                condition_holds(condition.clone(), json!({"it": yes})),
                "{operator} {value} {yes}"
            );
            assert!(
                !condition_holds(condition.clone(), json!({"it": no})),
                "{operator} {value} {no}"
            );
            assert!(!condition_holds(condition, json!({})), "{operator} of a missing attribute");
        }
    }

    #[test]
    fn a_rounded_number_equals_nothing() {
        let asks = |operator: &str, value: Value| json!({"attribute": "it", "operator": operator, "value": value});
        let sent: Value = serde_json::from_str(r#"{"it": -9223372036854775809}"#).unwrap();
        for condition in [
            asks("equals", json!(i64::MIN)),
            asks("in", json!([i64::MIN, 1])),
            asks("at_most", json!(i64::MIN)),
        ] {
            assert!(!condition_holds(condition, sent.clone()));
            let exact = json!({"it": i64::MIN});
            assert!(condition_holds(asks("equals", json!(i64::MIN)), exact));
        }
        let test = Test::new("it", Operator::Equals, json!(i64::MIN)).unwrap();
        let why = test.explain_unreadable(&sent["it"]).unwrap();
        assert!(why.contains("more digits than numbers keep"), "{why}");
    }

    #[test]
    fn all_any_and_not_combine_conditions() {
        let pro = json!({"attribute": "plan", "operator": "equals", "value": "pro"});
        let ada = json!({"attribute": "targetingKey", "operator": "equals", "value": "ada"});
        let context = json!({"targetingKey": "ada", "plan": "free"});
        assert!(condition_holds(json!({"any": [pro, ada]}), context.clone()));
        assert!(!condition_holds(json!({"all": [pro, ada]}), context.clone()));
        assert!(condition_holds(json!({"not": pro}), context.clone()));
        assert!(condition_holds(json!({"in_segment": "everyone"}), context.clone()));
        assert!(!condition_holds(json!({"in_segment": "nobody_knows"}), context));
    }
}
