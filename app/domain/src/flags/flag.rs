//! The part of a flag that all environments of its project share.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlagKey, VariantName};

/// The type of all values of a flag.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    Boolean,
    String,
    /// A whole number, written without a fraction.
    Integer,
    /// A number, always written with a fraction, because typed clients expect one.
    Float,
    Object,
}

impl FlagKind {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::Boolean, Self::String, Self::Integer, Self::Float, Self::Object];

    /// The name in files and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Object => "object",
        }
    }

    /// Parses the name of a kind.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Infers the kind from numbers: [`FlagKind::Integer`] if none is written with a fraction, else
    /// [`FlagKind::Float`].
    #[must_use]
    pub fn of_numbers<'a>(mut values: impl Iterator<Item = &'a Value>) -> Self {
        if values.all(|value| !value.is_f64()) { Self::Integer } else { Self::Float }
    }

    /// Converts a number to this kind: 1.0 to the integer 1, or 1 to the float 1.0. Other values,
    /// and numbers that cannot be converted exactly, are returned unchanged.
    #[must_use]
    pub fn normalise_value(self, value: Value) -> Value {
        // 2^53, from which on a float cannot represent every whole number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let float = value.as_f64().filter(|float| float.abs() < EXACT);
        match (self, float) {
            (Self::Integer, Some(float)) if value.is_f64() && float.fract() == 0.0 => {
                Value::from(float as i64)
            }
            (Self::Float, Some(float)) => Value::from(float),
            _ => value,
        }
    }

    /// Whether a value is of this kind.
    #[must_use]
    pub fn admits_value(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Float => value.is_f64(),
            Self::Object => value.is_object(),
        }
    }
}

/// A named value that a flag may answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The name in rules and reports.
    pub name: VariantName,
    /// The value that the app receives.
    pub value: Value,
}

/// The definition of a flag, shared by all environments of its project.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "RawFlag")]
pub struct Flag {
    /// The key in the app's code.
    pub key: FlagKey,
    /// The display name in the admin.
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// The type of all values.
    pub kind: FlagKind,
    /// The possible answers of the flag.
    pub variants: Vec<Variant>,
    /// The answer while the flag is off or killed.
    pub off_variant: VariantName,
    /// The answer when nothing else decides, in environments without their own default.
    pub default_variant: VariantName,
    /// The answer to members of the rollout that adds this flag.
    pub rollout_variant: VariantName,
    /// Tags for searching and filtering.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The contact for questions about the flag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Whether the flag is archived. Archived flags are not evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// A kind as named in files, including those of older versions.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawKind {
    Boolean,
    String,
    Integer,
    Float,
    /// Written by older versions: integer or float, by its values.
    Number,
    Object,
}

impl RawKind {
    /// Returns the kind, and converts the values to it.
    pub(crate) fn resolve_kind(self, variants: &mut [Variant]) -> FlagKind {
        let kind = match self {
            Self::Boolean => FlagKind::Boolean,
            Self::String => FlagKind::String,
            Self::Integer => FlagKind::Integer,
            Self::Float => FlagKind::Float,
            Self::Number => FlagKind::of_numbers(variants.iter().map(|variant| &variant.value)),
            Self::Object => FlagKind::Object,
        };
        for variant in variants {
            variant.value = kind.normalise_value(std::mem::take(&mut variant.value));
        }
        kind
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a flag as an object")]
struct RawFlag {
    key: FlagKey,
    name: String,
    #[serde(default)]
    description: String,
    kind: RawKind,
    variants: Vec<Variant>,
    off_variant: VariantName,
    default_variant: VariantName,
    rollout_variant: VariantName,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    archived: bool,
}

impl From<RawFlag> for Flag {
    fn from(mut raw: RawFlag) -> Self {
        let kind = raw.kind.resolve_kind(&mut raw.variants);
        Self {
            kind,
            key: raw.key,
            name: raw.name,
            description: raw.description,
            variants: raw.variants,
            off_variant: raw.off_variant,
            default_variant: raw.default_variant,
            rollout_variant: raw.rollout_variant,
            tags: raw.tags,
            owner: raw.owner,
            archived: raw.archived,
        }
    }
}

impl Flag {
    /// Returns a variant by name.
    #[must_use]
    pub fn variant(&self, name: &VariantName) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == *name)
    }

    /// Returns whether the flag has the tag, and its key, name, description or owner contains the
    /// text, in upper or lower case. An empty text or tag matches every flag.
    #[must_use]
    pub fn matches_search(&self, text: &str, tag: &str) -> bool {
        let text = text.to_lowercase();
        let texts = [self.key.as_str(), &self.name, &self.description, &self.owner];
        (tag.is_empty() || self.tags.iter().any(|own| own == tag))
            && texts.iter().any(|own| own.to_lowercase().contains(&text))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn boolean_flag(key: &str) -> Flag {
        serde_json::from_value(json!({
            "key": key, "name": key, "kind": "boolean",
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
            "off_variant": "off", "default_variant": "off", "rollout_variant": "on",
        }))
        .unwrap()
    }

    #[test]
    fn a_kind_admits_its_own_values() {
        for (kind, value) in [
            (FlagKind::Boolean, json!(true)),
            (FlagKind::String, json!("a")),
            (FlagKind::Integer, json!(15)),
            (FlagKind::Float, json!(1.5)),
            (FlagKind::Object, json!({})),
        ] {
            assert_eq!(
                FlagKind::ALL.into_iter().filter(|k| k.admits_value(&value)).collect::<Vec<_>>(),
                [kind]
            );
            assert_eq!(FlagKind::parse(kind.as_str()), Some(kind));
        }
        assert!(!FlagKind::Object.admits_value(&json!([])));
    }

    #[test]
    fn a_number_is_normalised_to_its_kind() {
        let written = |kind: FlagKind, value| kind.normalise_value(value).to_string();
        assert_eq!(written(FlagKind::Float, json!(1)), "1.0");
        assert_eq!(written(FlagKind::Integer, json!(1.0)), "1");
        assert_eq!(written(FlagKind::Integer, json!(1.5)), "1.5");
        assert_eq!(
            written(FlagKind::Integer, json!(9_007_199_254_740_993_i64)),
            "9007199254740993"
        );
        assert_eq!(written(FlagKind::Float, json!(9_007_199_254_740_993_i64)), "9007199254740993");
        assert_eq!(written(FlagKind::String, json!("1")), "\"1\"");
        assert_eq!(FlagKind::of_numbers([json!(1), json!(2)].iter()), FlagKind::Integer);
        assert_eq!(FlagKind::of_numbers([json!(1), json!(2.5)].iter()), FlagKind::Float);
    }
}
