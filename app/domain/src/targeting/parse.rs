//! The JSON form of conditions; errors have the path of the invalid part.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value, json};

use super::{Condition, ConditionProblem as Problem, InvalidCondition, Operator, Test};
use crate::{
    field_error::{FieldError, join},
    ids::SegmentKey,
};

/// The maximum nesting of `all`, `any` and `not`.
const MAX_DEPTH: usize = 10;

/// The maximum number of parts of one `all` or `any`.
const MAX_PARTS: usize = 200;

fn problem_at(path: &str, problem: impl Into<Problem>) -> InvalidCondition {
    InvalidCondition { path: path.to_owned(), problem: problem.into() }
}

impl Condition {
    /// Parses a condition.
    ///
    /// # Errors
    /// Returns the path of the invalid part and what it needs.
    pub fn from_json(json: &Value) -> Result<Self, InvalidCondition> {
        parse_condition(json, "", 0)
    }

    /// The JSON form that [`Condition::from_json`] reads.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |parts: &[Self]| Value::from_iter(parts.iter().map(Self::to_json));
        match self {
            Self::All(parts) => json!({ "all": list(parts) }),
            Self::Any(parts) => json!({ "any": list(parts) }),
            Self::Not(part) => json!({ "not": part.to_json() }),
            Self::InSegment(key) => json!({ "in_segment": key }),
            Self::Test(test) => {
                let Test { attribute, operator, .. } = test;
                match test.value() {
                    Value::Null => json!({ "attribute": attribute, "operator": operator }),
                    value => {
                        json!({ "attribute": attribute, "operator": operator, "value": value })
                    }
                }
            }
        }
    }
}

fn parse_condition(json: &Value, path: &str, depth: usize) -> Result<Condition, InvalidCondition> {
    if depth > MAX_DEPTH {
        return Err(problem_at(path, Problem::TooDeep(MAX_DEPTH)));
    }
    let fields = json.as_object().ok_or_else(|| problem_at(path, Problem::Shape))?;
    if fields.contains_key("attribute") || fields.contains_key("operator") {
        return parse_test(fields, path).map(Condition::Test);
    }
    let mut pairs = fields.iter();
    let (Some((name, inner)), None) = (pairs.next(), pairs.next()) else {
        return Err(problem_at(path, Problem::Shape));
    };
    let here = join(path, name);
    match name.as_str() {
        "all" => parse_parts(inner, &here, depth).map(Condition::All),
        "any" => parse_parts(inner, &here, depth).map(Condition::Any),
        "not" => Ok(Condition::Not(Box::new(parse_condition(inner, &here, depth + 1)?))),
        "in_segment" => {
            let key = inner.as_str().ok_or(Problem::NotASegment);
            let key = key.and_then(|key| Ok(SegmentKey::new(key)?));
            Ok(Condition::InSegment(key.map_err(|problem| problem_at(&here, problem))?))
        }
        _ => Err(problem_at(path, Problem::Shape)),
    }
}

fn parse_parts(json: &Value, path: &str, depth: usize) -> Result<Vec<Condition>, InvalidCondition> {
    let list = json.as_array().ok_or_else(|| problem_at(path, Problem::NotAList))?;
    if list.len() > MAX_PARTS {
        let problem = Problem::TooManyParts { found: list.len(), most: MAX_PARTS };
        return Err(problem_at(path, problem));
    }
    let one = |(index, part)| parse_condition(part, &format!("{path}[{index}]"), depth + 1);
    list.iter().enumerate().map(one).collect()
}

fn parse_test(fields: &Map<String, Value>, path: &str) -> Result<Test, InvalidCondition> {
    let known = ["attribute", "operator", "value"];
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(problem_at(&join(path, unknown), Problem::UnknownField));
    }
    let text = |name| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let attribute = text("attribute")
        .ok_or_else(|| problem_at(&join(path, "attribute"), Problem::NoAttribute))?;
    let here = join(path, "operator");
    let name = text("operator").ok_or_else(|| problem_at(&here, Problem::NoOperator))?;
    let operator = Operator::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Operator::ALL.iter().map(|operator| operator.as_str()).collect();
        let (name, known) = (name.to_owned(), known.join(", "));
        problem_at(&here, Problem::UnknownOperator { name, known })
    })?;
    let value = fields.get("value").cloned().unwrap_or_default();
    Test::new(attribute, operator, value)
        .map_err(|problem| problem_at(&join(path, "value"), problem))
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text names the place, because serde keeps no more of an error.
        Self::from_json(&Value::deserialize(deserializer)?)
            .map_err(|error| D::Error::custom(FieldError::from(error)))
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Condition {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{
            AllOfBuilder, Ref, RefOr,
            schema::{
                AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type,
            },
        };
        let closed = || {
            let none = AdditionalProperties::FreeForm(false);
            ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(none))
        };
        let one = |name: &str, schema: RefOr<Schema>| {
            closed().property(name, schema).required(name).build()
        };
        let part = || RefOr::from(Ref::from_schema_name("Condition"));
        let parts = || {
            let parts = ArrayBuilder::new().items(part()).max_items(Some(MAX_PARTS));
            RefOr::T(Schema::Array(parts.build()))
        };
        let name = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        let operators = Operator::ALL.iter().map(|known| known.as_str());
        let operator = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(operators));
        let value = AllOfBuilder::new().description(Some("What the operator compares with."));
        let test = closed()
            .property("attribute", name)
            .required("attribute")
            .property("operator", operator)
            .required("operator")
            .property("value", value);
        let schema = OneOfBuilder::new()
            .item(one("all", parts()))
            .item(one("any", parts()))
            .item(one("not", part()))
            .item(one("in_segment", Ref::from_schema_name("SegmentKey").into()))
            .item(test)
            .description(Some(format!(
                "A condition over the evaluation context. It {}. An empty `all` is everyone.",
                Problem::Shape
            )))
            .examples([json!({"all": [
                {"attribute": "plan", "operator": "equals", "value": "pro"},
                {"in_segment": "beta_testers"}]})]);
        schema.into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Condition {}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition_error(json: Value) -> String {
        FieldError::from(Condition::from_json(&json).unwrap_err()).to_string()
    }

    fn test_json(operator: &str, value: Value) -> Value {
        json!({"attribute": "it", "operator": operator, "value": value})
    }

    #[test]
    fn a_condition_is_written_as_it_was_read() {
        let json = json!({"all": [
            {"any": [{"in_segment": "beta"}, {"not": {"attribute": "a", "operator": "exists"}}]},
            {"attribute": "ip", "operator": "in_cidr", "value": ["10.0.0.0/8"]},
        ]});
        assert_eq!(Condition::from_json(&json).unwrap().to_json(), json);
    }

    #[test]
    fn errors_name_the_path_of_the_invalid_part() {
        assert_eq!(
            condition_error(json!({"any": [{"all": []}, test_json("matches", json!("(a"))]})),
            "any[1].value: is not a regular expression: unclosed group"
        );
        assert_eq!(
            condition_error(test_json("in_cidr", json!("10.0.0.0/99"))),
            "value: \"10.0.0.0/99\" is not a network such as 10.0.0.0/8"
        );
        assert!(
            condition_error(test_json("like", json!("x")))
                .starts_with("operator: there is no operator")
        );
        assert!(condition_error(test_json("in", json!([]))).starts_with("value: must be a list"));
        assert!(
            condition_error(test_json("at_least", json!("3")))
                .starts_with("value: must be a number")
        );
        assert!(
            condition_error(test_json("before", json!("soon")))
                .starts_with("value: must be a date")
        );
        assert!(
            condition_error(test_json("semver_equals", json!("x")))
                .starts_with("value: must be a version")
        );
        assert!(
            condition_error(test_json("matches", json!("a{900}{900}"))).contains("takes too long")
        );
        assert!(condition_error(json!({"all": [1]})).starts_with("all[0]: must be one of"));
        assert!(
            condition_error(json!({"in_segment": "a b"})).starts_with("in_segment: a key holds")
        );
        assert!(condition_error(json!([])).starts_with("must be one of"));
        let mut deep = json!({"all": []});
        for _ in 0..20 {
            deep = json!({ "not": deep });
        }
        assert!(condition_error(deep).contains("nested more than"));
    }
}
