//! OpenFeature's evaluation context.

use serde_json::{Map, Value};

/// Who is asking: a `targetingKey` and attributes of any JSON type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvaluationContext {
    targeting_key: Option<String>,
    attributes: Map<String, Value>,
}

/// Why a context cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContext {
    /// The context is not a JSON object.
    #[error("the context must be a JSON object")]
    NotAnObject,
    /// `targetingKey` has another type.
    #[error("targetingKey must be a string")]
    TargetingKeyNotAString,
}

impl EvaluationContext {
    /// The name under which OpenFeature's contexts carry the user's key.
    pub const TARGETING_KEY: &str = "targetingKey";

    /// A user who is known by nothing but a key.
    #[must_use]
    pub fn of_user(targeting_key: impl Into<String>) -> Self {
        Self { targeting_key: Some(targeting_key.into()), attributes: Map::new() }
    }

    /// Takes OpenFeature's JSON form apart. `null` and a missing context are empty ones.
    ///
    /// # Errors
    /// When it is no object or its `targetingKey` no string.
    pub fn from_json(value: Value) -> Result<Self, InvalidContext> {
        let mut attributes = match value {
            Value::Null => Map::new(),
            Value::Object(attributes) => attributes,
            _ => return Err(InvalidContext::NotAnObject),
        };
        let targeting_key = match attributes.remove(Self::TARGETING_KEY) {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key),
            Some(_) => return Err(InvalidContext::TargetingKeyNotAString),
        };
        Ok(Self { targeting_key, attributes })
    }

    /// The same attributes of another user.
    #[must_use]
    pub fn named(self, targeting_key: impl Into<String>) -> Self {
        Self { targeting_key: Some(targeting_key.into()), ..self }
    }

    /// The same user with one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }

    /// Who is asking, if known. An empty key names nobody.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_deref().filter(|key| !key.is_empty())
    }

    /// An attribute's value; `null` counts as missing.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_context_is_an_object_with_a_key_and_attributes() {
        let context = EvaluationContext::from_json(
            json!({"targetingKey": "ada", "plan": "pro", "gone": null}),
        )
        .unwrap();
        assert_eq!(context.targeting_key(), Some("ada"));
        assert_eq!(context.attribute("plan"), Some(&json!("pro")));
        assert_eq!(context.attribute("gone"), None);
    }

    #[test]
    fn a_context_of_another_shape_is_refused() {
        assert_eq!(EvaluationContext::from_json(json!([])), Err(InvalidContext::NotAnObject));
        assert_eq!(
            EvaluationContext::from_json(json!({"targetingKey": 7})),
            Err(InvalidContext::TargetingKeyNotAString)
        );
        assert_eq!(EvaluationContext::from_json(json!(null)), Ok(EvaluationContext::default()));
    }
}
