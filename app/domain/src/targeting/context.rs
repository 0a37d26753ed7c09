//! OpenFeature's evaluation context.

use std::{cmp::Ordering, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// The user to evaluate for: a `targetingKey` and attributes of any JSON type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvaluationContext {
    targeting_key: Option<String>,
    /// Sorted by length of name, then by name, so that a look-up compares few bytes.
    attributes: Vec<(Box<str>, Value)>,
}

/// Up to this many attributes, a linear search is faster than a binary one.
const FEW: usize = 16;

fn compare_by_length(a: &str, b: &str) -> Ordering {
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
    /// The name of the user's key in OpenFeature's contexts.
    pub const TARGETING_KEY: &str = "targetingKey";

    /// Creates the context of a user without attributes.
    #[must_use]
    pub fn of_user(targeting_key: impl Into<String>) -> Self {
        Self { targeting_key: Some(targeting_key.into()), attributes: Vec::new() }
    }

    /// Reads OpenFeature's JSON form. `null` is an empty context.
    ///
    /// # Errors
    /// Returns an error if it is not an object, or its `targetingKey` neither a string nor `null`.
    pub fn from_json(value: Value) -> Result<Self, InvalidContext> {
        // `SentContext` accepts every JSON value, so deserialising one cannot fail.
        SentContext::deserialize(value).map_or(Err(InvalidContext::NotAnObject), |sent| sent.0)
    }

    /// Sorts the attributes for look-ups. If two have the same name, the later one wins.
    fn from_attributes(
        targeting_key: Option<String>,
        mut attributes: Vec<(Box<str>, Value)>,
    ) -> Self {
        attributes.sort_by(|(a, _), (b, _)| compare_by_length(a, b));
        attributes.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        Self { targeting_key, attributes }
    }

    /// Replaces the targeting key and keeps the attributes.
    #[must_use]
    pub fn with_targeting_key(self, targeting_key: impl Into<String>) -> Self {
        Self { targeting_key: Some(targeting_key.into()), ..self }
    }

    /// Adds or replaces an attribute.
    #[must_use]
    pub fn with_attribute(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.retain(|(other, _)| **other != *attribute);
        let (Ok(place) | Err(place)) = self.find_position(attribute);
        self.attributes.insert(place, (attribute.into(), value.into()));
        self
    }

    /// The user's key, if known; an empty one counts as missing.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_deref().filter(|key| !key.is_empty())
    }

    /// An attribute's value; `null` counts as missing.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        let attributes = &self.attributes;
        let value = if attributes.len() <= FEW {
            let (_, value) = attributes.iter().find(|(other, _)| **other == *name)?;
            value
        } else {
            let (_, value) = attributes.get(self.find_position(name).ok()?)?;
            value
        };
        (!value.is_null()).then_some(value)
    }

    /// The index of an attribute, or the one at which to insert it.
    fn find_position(&self, name: &str) -> Result<usize, usize> {
        self.attributes.binary_search_by(|(other, _)| compare_by_length(other, name))
    }
}

/// The result of reading a context from JSON, without an intermediate map. A well-formed value that
/// is not a context is an `Err` inside; only malformed JSON is an error of the deserializer. OFREP
/// has a code for each.
#[derive(Debug, Clone, PartialEq)]
pub struct SentContext(pub Result<EvaluationContext, InvalidContext>);

impl Default for SentContext {
    fn default() -> Self {
        Self(Ok(EvaluationContext::default()))
    }
}

impl<'de> Deserialize<'de> for SentContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContextVisitor)
    }
}

struct ContextVisitor;

impl ContextVisitor {
    fn refuse_non_object<E>() -> Result<SentContext, E> {
        Ok(SentContext(Err(InvalidContext::NotAnObject)))
    }
}

impl<'de> Visitor<'de> for ContextVisitor {
    type Value = SentContext;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SentContext, A::Error> {
        let mut attributes = Vec::with_capacity(map.size_hint().unwrap_or(8).min(64));
        let mut targeting_key = Ok(None);
        while let Some(name) = map.next_key::<Box<str>>()? {
            let value = map.next_value()?;
            if *name != *EvaluationContext::TARGETING_KEY {
                attributes.push((name, value));
                continue;
            }
            targeting_key = match value {
                Value::Null => Ok(None),
                Value::String(key) => Ok(Some(key)),
                _ => Err(InvalidContext::TargetingKeyNotAString),
            };
        }
        Ok(SentContext(
            targeting_key.map(|key| EvaluationContext::from_attributes(key, attributes)),
        ))
    }

    fn visit_unit<E: de::Error>(self) -> Result<SentContext, E> {
        Ok(SentContext::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SentContext, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Self::refuse_non_object()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<SentContext, E> {
        Self::refuse_non_object()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SentContext, E> {
        Self::refuse_non_object()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SentContext, E> {
        Self::refuse_non_object()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SentContext, E> {
        Self::refuse_non_object()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<SentContext, E> {
        Self::refuse_non_object()
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
    fn attributes_are_found_among_few_and_many() {
        let few = ["b", "aa", "a", "", "ab", "äb", "longer_than_all", "longer_than_alk"];
        let many: Vec<String> = (0..2 * FEW).map(|n| format!("one_of_many_{n}")).collect();
        assert_attributes_found(&few);
        let many: Vec<&str> = many.iter().map(String::as_str).chain(few).collect();
        assert_attributes_found(&many);
    }

    fn assert_attributes_found(names: &[&str]) {
        let json: Value = names.iter().map(|name| ((*name).to_owned(), json!(name))).collect();
        let read = EvaluationContext::from_json(json).unwrap();
        let anonymous = EvaluationContext::default();
        let made =
            names.iter().fold(anonymous, |context, name| context.with_attribute(name, *name));
        assert_eq!(read, made);
        for name in names {
            assert_eq!(read.attribute(name), Some(&json!(name)), "{name}");
        }
        assert_eq!(read.attribute("longer_than_alx"), None);
        assert_eq!(
            made.with_attribute("aa", 1).attribute("aa"),
            Some(&json!(1)),
            "the last one counts"
        );
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

    #[test]
    fn the_later_of_two_attributes_with_the_same_name_wins() {
        let read = |text: &str| serde_json::from_str::<SentContext>(text);
        let twice = read(r#"{"b":0,"a":1,"targetingKey":1,"a":2,"targetingKey":"ada","a":3}"#);
        let expected =
            EvaluationContext::of_user("ada").with_attribute("b", 0).with_attribute("a", 3);
        assert_eq!(twice.unwrap(), SentContext(Ok(expected)));
        assert!(read(r#"{"a":}"#).is_err(), "malformed JSON is an error of the parser");
        for wrong in ["true", "1", "-1", "1.5", "\"ada\"", "[1, {}]"] {
            assert_eq!(read(wrong).unwrap().0, Err(InvalidContext::NotAnObject), "{wrong}");
        }
    }
}
