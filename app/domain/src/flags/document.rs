//! A flag with its state in one environment, in the format of files and the API.

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use super::rule::RawRule;
use super::{Flag, FlagKind, FlagState, Prerequisite, RawKind, Rule, ScheduledSwitch, Variant};
use crate::{
    ids::{FlagKey, VariantName},
    targeting::Salt,
};

/// A flag with its state in one environment, in the format of files and the API.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Flag))]
#[serde(try_from = "RawDocument")]
pub struct FlagDocument {
    /// The key in the app's code.
    pub key: FlagKey,
    /// The display name; the key if left out.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub name: String,
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub description: String,
    /// The type of all values. `number`, from files of older versions, is read as `integer` if no
    /// value is written with a fraction, else as `float`.
    pub kind: FlagKind,
    /// The possible answers; `on` and `off` for a boolean flag if left out.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub variants: Vec<Variant>,
    /// The answer while the flag is off or killed; `off` for a boolean flag if left out.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub off_variant: VariantName,
    /// The answer when nothing else decides, in this environment; the off variant if left out.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub default_variant: VariantName,
    /// The answer to members of the rollout that adds this flag; `on` for a boolean flag if
    /// left out, else the default variant.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub rollout_variant: VariantName,
    /// Tags for searching and filtering.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub tags: Vec<String>,
    /// The contact for questions about the flag.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub owner: String,
    /// Whether the flag is archived. Archived flags are not evaluated.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub archived: bool,
    /// Whether the flag is on in this environment; `true` if left out.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub enabled: bool,
    /// Whether the flag is killed in this environment.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub killed: bool,
    /// The salt of the buckets of this flag's rules; the key if left out. Changing the salt
    /// reassigns every user.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub salt: String,
    /// Prerequisites. If one is not met, the flag answers its off variant.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub prerequisites: Vec<Prerequisite>,
    /// Targeting rules in order; the first that answers wins.
    #[cfg_attr(feature = "openapi", schema(required = false, value_type = Vec<RawRule>))]
    pub rules: Vec<Rule>,
    /// Scheduled switches, in any order.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub schedule: Vec<ScheduledSwitch>,
}

/// The format before defaults are filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a flag as an object")]
struct RawDocument {
    key: FlagKey,
    name: Option<String>,
    #[serde(default)]
    description: String,
    kind: RawKind,
    #[serde(default)]
    variants: Vec<Variant>,
    off_variant: Option<VariantName>,
    default_variant: Option<VariantName>,
    rollout_variant: Option<VariantName>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    archived: bool,
    #[serde(default = "default_enabled")]
    enabled: bool,
    #[serde(default)]
    killed: bool,
    salt: Option<String>,
    #[serde(default)]
    prerequisites: Vec<Prerequisite>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    schedule: Vec<ScheduledSwitch>,
}

fn default_enabled() -> bool {
    true
}

/// Fields without a default. Only boolean flags have standard variants.
#[derive(Debug, thiserror::Error)]
enum Incomplete {
    #[error("variants: name at least one variant with its value")]
    Variants,
    #[error("off_variant: name the variant that is answered while the flag is off")]
    OffVariant,
    #[error("{0}")]
    Key(#[from] crate::ids::InvalidKey),
}

impl TryFrom<RawDocument> for FlagDocument {
    type Error = Incomplete;

    fn try_from(raw: RawDocument) -> Result<Self, Incomplete> {
        let mut variants = raw.variants;
        let kind = raw.kind.resolve_kind(&mut variants);
        let is_boolean = kind == FlagKind::Boolean;
        let has_standard_variants = is_boolean && variants.is_empty();
        if has_standard_variants {
            let variant = |name: &str, value: bool| {
                Ok(Variant { name: VariantName::new(name)?, value: value.into() })
            };
            variants = [variant("on", true), variant("off", false)]
                .into_iter()
                .collect::<Result<_, crate::ids::InvalidKey>>()?;
        }
        let of_value = |value: bool| {
            let found = variants.iter().find(|variant| variant.value == value);
            found.filter(|_| is_boolean).map(|variant| variant.name.clone())
        };
        if variants.is_empty() {
            return Err(Incomplete::Variants);
        }
        let off = raw.off_variant.or_else(|| of_value(false)).ok_or(Incomplete::OffVariant)?;
        let default = raw.default_variant.unwrap_or_else(|| off.clone());
        let rollout =
            raw.rollout_variant.or_else(|| of_value(true)).unwrap_or_else(|| default.clone());
        Ok(Self {
            name: raw.name.unwrap_or_else(|| raw.key.to_string()),
            salt: raw.salt.unwrap_or_else(|| raw.key.to_string()),
            key: raw.key,
            description: raw.description,
            kind,
            off_variant: off,
            default_variant: default,
            rollout_variant: rollout,
            variants,
            tags: raw.tags,
            owner: raw.owner,
            archived: raw.archived,
            enabled: raw.enabled,
            killed: raw.killed,
            prerequisites: raw.prerequisites,
            rules: raw.rules,
            schedule: raw.schedule,
        })
    }
}

impl FlagDocument {
    /// Combines a flag and its state.
    #[must_use]
    pub fn new(flag: &Flag, state: &FlagState) -> Self {
        let Flag {
            key,
            name,
            description,
            kind,
            variants,
            off_variant,
            default_variant: _,
            rollout_variant,
            tags,
            owner,
            archived,
        } = flag.clone();
        let default_variant = state.default_variant(flag).clone();
        let FlagState {
            enabled,
            killed,
            salt,
            prerequisites,
            rules,
            default_variant: _,
            schedule,
            version: _,
        } = state.clone();
        Self {
            key,
            name,
            description,
            kind,
            variants,
            off_variant,
            default_variant,
            rollout_variant,
            tags,
            owner,
            archived,
            enabled,
            killed,
            salt: salt.text().to_owned(),
            prerequisites,
            rules,
            schedule,
        }
    }

    /// Splits the document into the flag and its state, which gets the version. A `known` flag
    /// keeps the hash version of its salt while the text is the same, and its own default variant:
    /// a new default applies to this environment only.
    #[must_use]
    pub fn into_parts(self, known: Option<(&Flag, &FlagState)>, version: i64) -> (Flag, FlagState) {
        let salt = known.map(|(_, state)| &state.salt);
        let salt = salt.filter(|salt| salt.text() == self.salt).cloned();
        let shared = known.map(|(flag, _)| &flag.default_variant);
        // A removed variant cannot stay the default of other environments.
        let is_there = |name: &&VariantName| self.variants.iter().any(|v| v.name == **name);
        let shared = shared.filter(is_there).unwrap_or(&self.default_variant).clone();
        let own = (shared != self.default_variant).then_some(self.default_variant);
        let state = FlagState {
            enabled: self.enabled,
            killed: self.killed,
            salt: salt.unwrap_or_else(|| Salt::new(self.salt)),
            prerequisites: self.prerequisites,
            rules: self.rules,
            default_variant: own,
            schedule: self.schedule,
            version,
        };
        let flag = Flag {
            key: self.key,
            name: self.name,
            description: self.description,
            kind: self.kind,
            variants: self.variants,
            off_variant: self.off_variant,
            default_variant: shared,
            rollout_variant: self.rollout_variant,
            tags: self.tags,
            owner: self.owner,
            archived: self.archived,
        };
        (flag, state)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_document(json: Value) -> Result<FlagDocument, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_boolean_flag_needs_only_its_key() {
        let document = read_document(json!({"key": "A", "kind": "boolean"})).unwrap();
        assert_eq!(document.name, "A");
        assert_eq!(document.salt, "A");
        assert!(document.enabled);
        let names = [&document.off_variant, &document.default_variant, &document.rollout_variant];
        assert_eq!(names.map(VariantName::as_str), ["off", "off", "on"]);
        assert_eq!(read_document(serde_json::to_value(&document).unwrap()), Ok(document));
    }

    #[test]
    fn a_flag_of_another_kind_requires_variants() {
        assert!(
            read_document(json!({"key": "A", "kind": "string"}))
                .unwrap_err()
                .starts_with("variants:")
        );
        let variants = json!([{"name": "a", "value": "x"}]);
        let only = json!({"key": "A", "kind": "string", "variants": variants});
        assert!(read_document(only).unwrap_err().starts_with("off_variant:"));
        let whole = json!({"key": "A", "kind": "string", "variants": variants, "off_variant": "a"});
        assert_eq!(read_document(whole).unwrap().rollout_variant.as_str(), "a");
        assert!(
            read_document(json!({"key": "A", "kind": "boolean", "on": 1}))
                .unwrap_err()
                .contains("`on`")
        );
    }

    #[test]
    fn a_document_round_trips_through_its_parts() {
        let document = read_document(json!({
            "key": "A", "kind": "boolean", "tags": ["x"], "owner": "ada", "salt": "other",
            "rules": [{"variant": "on", "share": 5}], "prerequisites": [{"flag": "B", "variants": ["on"]}],
            "schedule": [{"at": "2026-01-01T00:00:00Z", "enabled": false}],
        }))
        .unwrap();
        let (flag, state) = document.clone().into_parts(None, 7);
        assert_eq!(state.version, 7);
        assert_eq!(FlagDocument::new(&flag, &state), document);
    }

    #[test]
    fn a_changed_default_applies_to_one_environment() {
        let document = read_document(json!({"key": "A", "kind": "boolean"})).unwrap();
        let (flag, state) = document.clone().into_parts(None, 1);
        let on = VariantName::new("on").unwrap();
        let changed = FlagDocument { default_variant: on.clone(), ..document.clone() };
        let (same, other) = changed.clone().into_parts(Some((&flag, &state)), 2);
        assert_eq!(same, flag);
        assert_eq!(other.default_variant, Some(on));
        assert_eq!(FlagDocument::new(&same, &other), changed);
        let back = document.into_parts(Some((&same, &other)), 3).1;
        assert_eq!(back.default_variant, None);
    }

    #[test]
    fn a_number_flag_becomes_integer_or_float_by_its_values() {
        let number = |kind: &str, values: [Value; 2]| {
            let [low, high] = values;
            let variants = json!([{"name": "low", "value": low}, {"name": "high", "value": high}]);
            let fields =
                json!({"key": "A", "kind": kind, "off_variant": "low", "variants": variants});
            let document = read_document(fields).unwrap();
            (document.kind, document.variants[0].value.to_string())
        };
        assert_eq!(number("number", [json!(1), json!(2)]), (FlagKind::Integer, "1".into()));
        assert_eq!(number("number", [json!(1), json!(2.5)]), (FlagKind::Float, "1.0".into()));
        assert_eq!(number("float", [json!(1), json!(2)]), (FlagKind::Float, "1.0".into()));
        assert_eq!(number("integer", [json!(1.0), json!(2)]), (FlagKind::Integer, "1".into()));
    }
}
