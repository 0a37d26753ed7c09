//! OpenFeature's evaluation context.

use std::cmp::Ordering;

use serde_json::Value;

/// Who is asking: a `targetingKey` and attributes of any JSON type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvaluationContext {
    targeting_key: Option<String>,
    /// By the length of their names first, so that a look-up compares hardly any letters.
    attributes: Vec<(Box<str>, Value)>,
}

fn by_length(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
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
        Self { targeting_key: Some(targeting_key.into()), attributes: Vec::new() }
    }

    /// Takes OpenFeature's JSON form apart. `null` and a missing context are empty ones.
    ///
    /// # Errors
    /// When it is no object or its `targetingKey` no string.
    pub fn from_json(value: Value) -> Result<Self, InvalidContext> {
        let mut attributes = match value {
            Value::Null => serde_json::Map::new(),
            Value::Object(attributes) => attributes,
            _ => return Err(InvalidContext::NotAnObject),
        };
        let targeting_key = match attributes.remove(Self::TARGETING_KEY) {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key),
            Some(_) => return Err(InvalidContext::TargetingKeyNotAString),
        };
        let attributes = attributes.into_iter().map(|(name, value)| (name.into_boxed_str(), value));
        let mut attributes: Vec<_> = attributes.collect();
        attributes.sort_unstable_by(|(a, _), (b, _)| by_length(a, b));
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
        self.attributes.retain(|(other, _)| **other != *attribute);
        let (Ok(place) | Err(place)) = self.place(attribute);
        self.attributes.insert(place, (attribute.into(), value.into()));
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
        let (_, value) = self.attributes.get(self.place(name).ok()?)?;
        (!value.is_null()).then_some(value)
    }

    /// Where an attribute is, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.attributes.binary_search_by(|(other, _)| by_length(other, name))
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
    fn an_attribute_is_found_whatever_the_others_are_called() {
        let names = ["b", "aa", "a", "", "ab", "äb", "longer_than_all", "longer_than_alk"];
        let json: Value = names.iter().map(|name| ((*name).to_owned(), json!(name))).collect();
        let read = EvaluationContext::from_json(json).unwrap();
        let nobody = EvaluationContext::default();
        let made = names.iter().fold(nobody, |context, name| context.with(name, *name));
        assert_eq!(read, made);
        for name in names {
            assert_eq!(read.attribute(name), Some(&json!(name)), "{name}");
        }
        assert_eq!(read.attribute("longer_than_alx"), None);
        assert_eq!(made.with("aa", 1).attribute("aa"), Some(&json!(1)), "the last one counts");
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
