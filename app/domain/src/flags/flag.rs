//! What a flag is, and its state in an environment.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlagKey, VariantName};

/// The type that all values of a flag have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    fn admits(self, value: &Value) -> bool {
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
}

/// What is wrong with a flag, naming the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFlag {
    /// Two variants share a name.
    #[error("variants: {0} is there twice")]
    VariantTwice(VariantName),
    /// A value has another type than the flag.
    #[error("variants.{variant}.value: this flag is of kind {kind:?}, the value is not")]
    WrongType {
        /// The variant.
        variant: VariantName,
        /// What its value should be.
        kind: FlagKind,
    },
    /// A field names a variant that is not there.
    #[error("{field}: there is no variant {variant}")]
    UnknownVariant {
        /// `off_variant`, `default_variant` or `rollout_variant`.
        field: &'static str,
        /// The name that leads nowhere.
        variant: VariantName,
    },
}

impl Flag {
    /// The variant of that name.
    #[must_use]
    pub fn variant(&self, name: &VariantName) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == *name)
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidFlag> {
        for (index, variant) in self.variants.iter().enumerate() {
            if self.variants.iter().take(index).any(|earlier| earlier.name == variant.name) {
                return Err(InvalidFlag::VariantTwice(variant.name.clone()));
            }
            if !self.kind.admits(&variant.value) {
                return Err(InvalidFlag::WrongType {
                    variant: variant.name.clone(),
                    kind: self.kind,
                });
            }
        }
        for (field, name) in [
            ("off_variant", &self.off_variant),
            ("default_variant", &self.default_variant),
            ("rollout_variant", &self.rollout_variant),
        ] {
            if self.variant(name).is_none() {
                return Err(InvalidFlag::UnknownVariant { field, variant: name.clone() });
            }
        }
        Ok(())
    }
}

/// What an environment decides about a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagState {
    /// Off answers with the off variant.
    pub enabled: bool,
    /// Set in an emergency; stands above everything but the environment's variables.
    pub killed: bool,
    /// Goes up with every change, so that nobody overwrites what they have not seen.
    pub version: i64,
}

impl FlagState {
    /// How a flag begins: on, so that its rollout decides.
    pub const INITIAL: Self = Self { enabled: true, killed: false, version: 1 };
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
    fn a_flag_names_the_field_that_is_wrong() {
        let mut flag = boolean_flag("A");
        assert_eq!(flag.validate(), Ok(()));
        flag.off_variant = VariantName::new("gone").unwrap();
        assert_eq!(
            flag.validate().unwrap_err().to_string(),
            "off_variant: there is no variant gone"
        );
        let mut flag = boolean_flag("A");
        flag.variants[0].value = json!("yes");
        assert!(flag.validate().unwrap_err().to_string().starts_with("variants.on.value"));
        let mut flag = boolean_flag("A");
        flag.variants[1] = flag.variants[0].clone();
        assert_eq!(flag.validate().unwrap_err().to_string(), "variants: on is there twice");
    }
}
