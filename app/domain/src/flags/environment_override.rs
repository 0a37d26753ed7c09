//! Answers that the server's environment variables hold.

use serde_json::Value;

use super::{Flag, FlagKind};
use crate::ids::VariantName;

/// A flag's answer that a variable holds: nothing else is asked.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentOverride {
    /// The variable, such as `PHASEGATE_FF_CHECKOUT`.
    pub variable: String,
    pub variant: VariantName,
}

/// Why a variable holds nothing.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {flag} has no variant or value {value:?}; choose one of {known}")]
pub struct InvalidEnvironmentOverride {
    pub variable: String,
    /// The flag that it is for.
    pub flag: String,
    pub value: String,
    /// What it may say.
    pub known: String,
}

impl EnvironmentOverride {
    /// Finds the variant that a variable means: by name, or by value (`true`, `1.5`, `a`).
    ///
    /// # Errors
    /// When no variant is meant.
    pub fn new(
        flag: &Flag,
        variable: &str,
        value: &str,
    ) -> Result<Self, InvalidEnvironmentOverride> {
        let wanted = match (flag.kind, value.to_ascii_lowercase().as_str()) {
            (FlagKind::Boolean, "true" | "1" | "on" | "yes") => Value::Bool(true),
            (FlagKind::Boolean, "false" | "0" | "off" | "no") => Value::Bool(false),
            (FlagKind::String, _) => Value::from(value),
            _ => serde_json::from_str(value).unwrap_or_default(),
        };
        // `1` means 1.0, too: variables have no types.
        let is_meant = |found: &Value| match (found.as_f64(), wanted.as_f64()) {
            (Some(found), Some(wanted)) => found == wanted,
            _ => *found == wanted,
        };
        let variant = flag
            .variants
            .iter()
            .find(|variant| variant.name.as_str() == value)
            .or_else(|| flag.variants.iter().find(|variant| is_meant(&variant.value)));
        let names = || flag.variants.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ");
        match variant {
            Some(variant) => {
                Ok(Self { variable: variable.to_owned(), variant: variant.name.clone() })
            }
            None => Err(InvalidEnvironmentOverride {
                variable: variable.to_owned(),
                flag: flag.key.to_string(),
                value: value.to_owned(),
                known: names(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::boolean_flag;

    #[test]
    fn a_variable_means_a_variant_by_name_or_value() {
        let flag = boolean_flag("A");
        for (said, meant) in [("true", "on"), ("on", "on"), ("FALSE", "off"), ("0", "off")] {
            let forced = EnvironmentOverride::new(&flag, "PHASEGATE_FF_A", said).unwrap();
            assert_eq!(forced.variant.as_str(), meant, "{said}");
        }
        let number = Flag {
            kind: FlagKind::Float,
            variants: vec![crate::flags::Variant {
                name: VariantName::new("one").unwrap(),
                value: serde_json::json!(1.0),
            }],
            ..flag.clone()
        };
        assert_eq!(
            EnvironmentOverride::new(&number, "PHASEGATE_FF_A", "1").unwrap().variant.as_str(),
            "one"
        );
        let refused = EnvironmentOverride::new(&flag, "PHASEGATE_FF_A", "maybe").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "PHASEGATE_FF_A: A has no variant or value \"maybe\"; choose one of on, off"
        );
    }
}
