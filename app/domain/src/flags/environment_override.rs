//! Environment overrides: answers pinned by environment variables of the server.

use serde_json::Value;

use super::{Flag, FlagKind};
use crate::ids::VariantName;

/// An answer pinned by a variable; it takes precedence over everything else.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentOverride {
    /// The variable, such as `PHASEGATE_FF_CHECKOUT`.
    pub variable: String,
    pub variant: VariantName,
}

/// Why a variable pins no answer.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {flag} has no variant or value {value:?}; choose one of {known}")]
pub struct InvalidEnvironmentOverride {
    pub variable: String,
    /// The key of the flag.
    pub flag: String,
    pub value: String,
    /// The names of the flag's variants.
    pub known: String,
}

impl EnvironmentOverride {
    /// Finds the variant that a variable selects: by name, or by value (`true`, `1.5`, `a`).
    ///
    /// # Errors
    /// Returns an error if no variant matches.
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
        // Variables are untyped, so `1` also selects 1.0.
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
    fn a_variable_selects_a_variant_by_name_or_value() {
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
