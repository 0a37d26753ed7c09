//! What a flag is, the same in all environments of its project.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlagKey, VariantName};

/// The type that all values of a flag have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// `true` or `false`.
    Boolean,
    /// A text.
    String,
    /// A number.
    Number,
    /// A JSON object.
    Object,
}

impl FlagKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Boolean, Self::String, Self::Number, Self::Object];

    /// As files and the API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Number => "number",
            Self::Object => "object",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a value is of this kind.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Object => value.is_object(),
        }
    }
}

/// One of the values that a flag may have, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What rules and reports call it.
    pub name: VariantName,
    /// What the app gets.
    pub value: Value,
}

/// A flag as its project knows it, the same in all environments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What the app's code calls it.
    pub key: FlagKey,
    /// What people call it.
    pub name: String,
    /// What it switches.
    #[serde(default)]
    pub description: String,
    /// The type of all values.
    pub kind: FlagKind,
    /// What it may answer.
    pub variants: Vec<Variant>,
    /// The answer while the flag is off or killed.
    pub off_variant: VariantName,
    /// The answer when nothing else decides.
    pub default_variant: VariantName,
    /// The answer to members of the rollout that adds this flag.
    pub rollout_variant: VariantName,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Whether it is out of use: no longer answered, only kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl Flag {
    /// The variant of that name.
    #[must_use]
    pub fn variant(&self, name: &VariantName) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == *name)
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
            (FlagKind::Number, json!(1.5)),
            (FlagKind::Object, json!({})),
        ] {
            assert_eq!(
                FlagKind::ALL.into_iter().filter(|k| k.admits(&value)).collect::<Vec<_>>(),
                [kind]
            );
            assert_eq!(FlagKind::parse(kind.as_str()), Some(kind));
        }
        assert!(!FlagKind::Object.admits(&json!([])));
    }
}
