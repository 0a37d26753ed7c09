//! Validation of a flag against the other flags and the segments of its project.

use std::collections::BTreeMap;

use super::{Flag, FlagKind, FlagState, Prerequisite, Serve};
use crate::{
    field_error::{FieldCode, FieldProblem, join},
    ids::{FlagKey, SegmentKey, VariantName, is_reserved},
    targeting::{EVERYONE, InvalidCondition, MAX_COST, Segments, condition_cost},
};

/// The maximum length of a chain of prerequisites.
pub(crate) const MAX_DEPTH: usize = 10;

/// The maximum number of evaluations of other flags that one flag may need, directly or indirectly.
const MAX_ANSWERS: usize = 200;

/// The maximum number of variants per flag.
pub const MAX_VARIANTS: usize = 50;

/// The maximum number of rules per flag and environment.
pub const MAX_RULES: usize = 100;

/// The maximum number of tags per flag.
const MAX_TAGS: usize = 20;

/// The maximum length of a text field, in bytes.
const MAX_TEXT_BYTES: usize = 2_000;

/// The maximum length of a variant's value as JSON, in bytes.
const MAX_VALUE_BYTES: usize = 20_000;

/// The maximum number of scheduled switches, and of prerequisites.
const MAX_LIST: usize = 50;

/// The flags of a project with their state in one environment, by key.
pub type Flags<'a> = BTreeMap<&'a FlagKey, (&'a Flag, &'a FlagState)>;

/// Why a flag is invalid. The message names the field.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFlag {
    /// The key is reserved, because it would clash with a URL path.
    #[error("{0:?} is reserved; choose another one")]
    Reserved(String),
    /// Two variants share a name.
    #[error("{0} is defined twice")]
    VariantTwice(VariantName),
    /// The type of a value differs from that of the flag.
    #[error("must be of the kind {}, the kind of the flag", .kind.as_str())]
    WrongType {
        variant: VariantName,
        /// The kind of the flag.
        kind: FlagKind,
    },
    /// A field names a variant that does not exist.
    #[error("there is no variant {variant}")]
    UnknownVariant {
        /// Such as `off_variant` or `rules[0]`.
        field: String,
        variant: VariantName,
    },
    /// A rule references a segment that does not exist.
    #[error("there is no segment {segment}; create it first")]
    UnknownSegment {
        /// The index of the rule, from 0.
        rule: usize,
        segment: SegmentKey,
    },
    /// A condition, with its segments, makes more tests than an evaluation has time for.
    #[error(
        "with the segments that it asks for it makes {found} tests; at most {MAX_COST} are allowed"
    )]
    TooCostly {
        /// The index of the rule, from 0.
        rule: usize,
        found: usize,
    },
    /// A condition has a value that is no longer accepted, or a number that lost digits.
    #[error("{error}")]
    RuleValue {
        /// The index of the rule, from 0.
        rule: usize,
        error: InvalidCondition,
    },
    /// The chain of prerequisites is too long.
    #[error("{0} flags depend on one another in a chain; at most {MAX_DEPTH} may")]
    TooDeep(usize),
    /// A prerequisite references a flag that does not exist or is archived.
    #[error("there is no flag {flag} in use")]
    UnknownFlag {
        /// The index of the prerequisite, from 0.
        index: usize,
        flag: FlagKey,
    },
    /// A prerequisite accepts no variant.
    #[error("name at least one accepted variant")]
    NoVariants(usize),
    /// The flag depends on itself.
    #[error("{} is a circle; remove one of them", format_cycle(.0))]
    Cycle(Vec<FlagKey>),
    /// A field has too many items or is too long.
    #[error("{found} is more than the {most} that are allowed")]
    TooMuch {
        field: String,
        /// `too_many` for lists, `too_long` for texts.
        code: FieldCode,
        /// The number of items or bytes.
        found: usize,
        most: usize,
    },
    /// A tag is empty, too long, or has characters that would need escaping.
    #[error("a tag is 1 to 50 letters, digits, '.', '_', ':' or '-'")]
    Tag(usize),
    /// The flag cannot be archived, because another flag or a plan needs it.
    #[error("{0} needs this flag; change that first")]
    Needed(String),
}

impl FieldProblem for InvalidFlag {
    fn field(&self) -> String {
        match self {
            Self::Reserved(_) => "key".to_owned(),
            Self::VariantTwice(_) => "variants".to_owned(),
            Self::WrongType { variant, .. } => format!("variants.{variant}.value"),
            Self::UnknownVariant { field, .. } | Self::TooMuch { field, .. } => field.clone(),
            Self::UnknownSegment { rule, .. } | Self::TooCostly { rule, .. } => {
                format!("rules[{rule}].condition")
            }
            Self::RuleValue { rule, error } => {
                join(&format!("rules[{rule}].condition"), &error.field())
            }
            Self::TooDeep(_) | Self::Cycle(_) => "prerequisites".to_owned(),
            Self::UnknownFlag { index, .. } => format!("prerequisites[{index}].flag"),
            Self::NoVariants(index) => format!("prerequisites[{index}].variants"),
            Self::Tag(index) => format!("tags[{index}]"),
            Self::Needed(_) => "archived".to_owned(),
        }
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::Reserved(_) => FieldCode::Reserved,
            Self::UnknownVariant { .. }
            | Self::UnknownSegment { .. }
            | Self::UnknownFlag { .. } => FieldCode::Unknown,
            Self::TooCostly { .. } | Self::TooDeep(_) => FieldCode::TooMany,
            Self::TooMuch { code, .. } => *code,
            Self::NoVariants(_) => FieldCode::Missing,
            Self::RuleValue { error, .. } => error.code(),
            Self::VariantTwice(_)
            | Self::WrongType { .. }
            | Self::Cycle(_)
            | Self::Tag(_)
            | Self::Needed(_) => FieldCode::Invalid,
        }
    }
}

fn format_cycle(keys: &[FlagKey]) -> String {
    keys.iter().map(FlagKey::as_str).collect::<Vec<_>>().join(" → ")
}

/// Checks the number of items in a list.
fn check_at_most(field: impl Into<String>, found: usize, most: usize) -> Result<(), InvalidFlag> {
    if found <= most {
        return Ok(());
    }
    Err(InvalidFlag::TooMuch { field: field.into(), code: FieldCode::TooMany, found, most })
}

/// Checks the length of a text in bytes.
fn not_longer(field: impl Into<String>, found: usize, most: usize) -> Result<(), InvalidFlag> {
    if found <= most {
        return Ok(());
    }
    Err(InvalidFlag::TooMuch { field: field.into(), code: FieldCode::TooLong, found, most })
}

impl Flag {
    /// Checks the rules that the types do not enforce.
    ///
    /// # Errors
    /// Returns an error that names the first invalid field.
    pub fn validate(&self) -> Result<(), InvalidFlag> {
        if is_reserved(self.key.as_str()) {
            return Err(InvalidFlag::Reserved(self.key.to_string()));
        }
        not_longer("name", self.name.len(), MAX_TEXT_BYTES)?;
        not_longer("description", self.description.len(), MAX_TEXT_BYTES)?;
        not_longer("owner", self.owner.len(), MAX_TEXT_BYTES)?;
        check_at_most("tags", self.tags.len(), MAX_TAGS)?;
        let is_sign = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        let is_tag = |tag: &String| (1..=50).contains(&tag.len()) && tag.chars().all(is_sign);
        if let Some(index) = self.tags.iter().position(|tag| !is_tag(tag)) {
            return Err(InvalidFlag::Tag(index));
        }
        check_at_most("variants", self.variants.len(), MAX_VARIANTS)?;
        for (index, variant) in self.variants.iter().enumerate() {
            if self.variants.iter().take(index).any(|earlier| earlier.name == variant.name) {
                return Err(InvalidFlag::VariantTwice(variant.name.clone()));
            }
            if !self.kind.admits_value(&variant.value) {
                let (variant, kind) = (variant.name.clone(), self.kind);
                return Err(InvalidFlag::WrongType { variant, kind });
            }
            let length = variant.value.to_string().len();
            not_longer(format!("variants.{}.value", variant.name), length, MAX_VALUE_BYTES)?;
        }
        self.require_variant("off_variant", &self.off_variant)?;
        self.require_variant("default_variant", &self.default_variant)?;
        self.require_variant("rollout_variant", &self.rollout_variant)
    }

    fn require_variant(&self, field: &str, variant: &VariantName) -> Result<(), InvalidFlag> {
        if self.variant(variant).is_some() {
            return Ok(());
        }
        Err(InvalidFlag::UnknownVariant { field: field.to_owned(), variant: variant.clone() })
    }
}

impl FlagState {
    /// Rejects values that older versions stored but that are no longer accepted. Call it only for
    /// new and changed states.
    ///
    /// # Errors
    /// Returns an error that names the rule and the path in its condition.
    pub fn check_values(&self) -> Result<(), InvalidFlag> {
        for (rule, content) in self.rules.iter().enumerate() {
            let wrong = |error| InvalidFlag::RuleValue { rule, error };
            content.condition.check_values().map_err(wrong)?;
        }
        Ok(())
    }

    /// Validates the state against its flag, the other flags and the segments.
    ///
    /// # Errors
    /// Returns an error that names the first invalid field.
    pub fn validate(
        &self,
        flag: &Flag,
        others: &Flags<'_>,
        segments: &Segments,
    ) -> Result<(), InvalidFlag> {
        if let Some(variant) = &self.default_variant {
            flag.require_variant("default_variant", variant)?;
        }
        not_longer("salt", self.salt.text().len(), MAX_TEXT_BYTES)?;
        check_at_most("schedule", self.schedule.len(), MAX_LIST)?;
        check_at_most("rules", self.rules.len(), MAX_RULES)?;
        for (rule, content) in self.rules.iter().enumerate() {
            not_longer(format!("rules[{rule}].name"), content.name.len(), MAX_TEXT_BYTES)?;
            let field = if matches!(content.serve, Serve::Split(_)) { "split" } else { "variant" };
            for variant in content.serve.variants() {
                flag.require_variant(&format!("rules[{rule}].{field}"), variant)?;
            }
            let is_unknown =
                |key: &SegmentKey| key.as_str() != EVERYONE && !segments.contains_key(key);
            if let Some(segment) = content.condition.segments().into_iter().find(|k| is_unknown(k))
            {
                return Err(InvalidFlag::UnknownSegment { rule, segment: segment.clone() });
            }
        }
        for (rule, content) in self.rules.iter().enumerate() {
            let found = condition_cost(&content.condition, segments);
            if found > MAX_COST {
                return Err(InvalidFlag::TooCostly { rule, found });
            }
        }
        check_at_most("prerequisites", self.prerequisites.len(), MAX_LIST)?;
        for (index, prerequisite) in self.prerequisites.iter().enumerate() {
            if prerequisite.variants.is_empty() {
                return Err(InvalidFlag::NoVariants(index));
            }
            // A flag that needs itself is a cycle, which the walk below reports more clearly.
            let needed = if prerequisite.flag == flag.key {
                Some(flag)
            } else {
                others.get(&prerequisite.flag).map(|(flag, _)| *flag).filter(|flag| !flag.archived)
            };
            let unknown = || InvalidFlag::UnknownFlag { index, flag: prerequisite.flag.clone() };
            let needed = needed.ok_or_else(unknown)?;
            for variant in &prerequisite.variants {
                needed.require_variant(&format!("prerequisites[{index}].variants"), variant)?;
            }
        }
        self.follow_prerequisites(
            &flag.key,
            self,
            others,
            &mut vec![flag.key.clone()],
            &mut BTreeMap::new(),
        )?;
        Ok(())
    }

    /// Walks the prerequisites and rejects cycles. Returns the length of the longest chain and the
    /// total number of evaluations needed.
    fn follow_prerequisites(
        &self,
        own_key: &FlagKey,
        at: &Self,
        others: &Flags<'_>,
        way: &mut Vec<FlagKey>,
        known: &mut BTreeMap<FlagKey, (usize, usize)>,
    ) -> Result<(usize, usize), InvalidFlag> {
        let (mut deepest, mut answers) = (0, 0_usize);
        for Prerequisite { flag, .. } in &at.prerequisites {
            let comes_back = way.contains(flag);
            way.push(flag.clone());
            if comes_back {
                return Err(InvalidFlag::Cycle(std::mem::take(way)));
            }
            let next = if flag == own_key { Some(self) } else { others.get(flag).map(|(_, s)| *s) };
            let behind = match (known.get(flag), next) {
                (Some(behind), _) => *behind,
                (None, Some(next)) => {
                    self.follow_prerequisites(own_key, next, others, way, known)?
                }
                (None, None) => (0, 0),
            };
            known.insert(flag.clone(), behind);
            deepest = deepest.max(behind.0 + 1);
            answers = answers.saturating_add(behind.1 + 1);
            way.pop();
        }
        if deepest > MAX_DEPTH {
            return Err(InvalidFlag::TooDeep(deepest));
        }
        check_at_most("prerequisites", answers, MAX_ANSWERS)?;
        Ok((deepest, answers))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        field_error::FieldError,
        flags::{FlagDocument, Variant, boolean_flag},
    };

    fn flag_key(text: &str) -> FlagKey {
        FlagKey::new(text).unwrap()
    }

    fn flag_complaint(change: impl FnOnce(&mut Flag)) -> String {
        let mut flag = boolean_flag("A");
        change(&mut flag);
        FieldError::from(flag.validate().unwrap_err()).to_string()
    }

    #[test]
    fn an_invalid_flag_names_the_wrong_field() {
        assert_eq!(boolean_flag("A").validate(), Ok(()));
        assert_eq!(
            flag_complaint(|flag| flag.off_variant = VariantName::new("gone").unwrap()),
            "off_variant: there is no variant gone"
        );
        assert_eq!(
            flag_complaint(|flag| flag.variants[0].value = json!("yes")),
            "variants.on.value: must be of the kind boolean, the kind of the flag"
        );
        assert_eq!(
            flag_complaint(|flag| flag.variants[1] = flag.variants[0].clone()),
            "variants: on is defined twice"
        );
        assert!(flag_complaint(|flag| flag.tags = vec!["a b".into()]).starts_with("tags[0]:"));
        assert!(flag_complaint(|flag| flag.name = "x".repeat(3_000)).starts_with("name: 3000"));
        let many = |flag: &mut Flag| {
            flag.variants = (0..51)
                .map(|n| Variant {
                    name: VariantName::new(format!("v{n}")).unwrap(),
                    value: json!(true),
                })
                .collect();
        };
        assert!(flag_complaint(many).starts_with("variants: 51"));
    }

    fn state_complaint(fields: serde_json::Value) -> String {
        let mut document = json!({"key": "A", "kind": "boolean"});
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let document: FlagDocument = serde_json::from_value(document).unwrap();
        let (flag, state) = document.into_parts(None, 1);
        let (b, mut b_state) = (boolean_flag("B"), FlagState::initial(&flag_key("B")));
        b_state.prerequisites = vec![Prerequisite {
            flag: flag_key("C"),
            variants: vec![VariantName::new("on").unwrap()],
        }];
        let (c, mut c_state) = (boolean_flag("C"), FlagState::initial(&flag_key("C")));
        c_state.prerequisites = vec![Prerequisite {
            flag: flag_key("A"),
            variants: vec![VariantName::new("on").unwrap()],
        }];
        let others = Flags::from([(&b.key, (&b, &b_state)), (&c.key, (&c, &c_state))]);
        FieldError::from(state.validate(&flag, &others, &Segments::new()).unwrap_err()).to_string()
    }

    #[test]
    fn an_invalid_state_names_the_wrong_field() {
        let complaint = state_complaint;
        assert_eq!(
            complaint(json!({"rules": [{"variant": "on"}, {"variant": "blue"}]})),
            "rules[1].variant: there is no variant blue"
        );
        assert_eq!(
            complaint(json!({"rules": [{"variant": "on", "condition": {"in_segment": "vip"}}]})),
            "rules[0].condition: there is no segment vip; create it first"
        );
        assert_eq!(
            complaint(json!({"prerequisites": [{"flag": "Z", "variants": ["on"]}]})),
            "prerequisites[0].flag: there is no flag Z in use"
        );
        assert!(
            complaint(json!({"prerequisites": [{"flag": "B", "variants": []}]}))
                .starts_with("prerequisites[0].variants: name at least one")
        );
        assert_eq!(
            complaint(json!({"prerequisites": [{"flag": "B", "variants": ["blue"]}]})),
            "prerequisites[0].variants: there is no variant blue"
        );
    }

    #[test]
    fn a_chain_of_prerequisites_is_bounded() {
        let states: Vec<(Flag, FlagState)> = (0..=MAX_DEPTH + 1)
            .map(|n| {
                let flag = boolean_flag(&format!("C{n}"));
                let mut state = FlagState::initial(&flag.key);
                if n > 0 {
                    let variants = vec![VariantName::new("on").unwrap()];
                    let flag = flag_key(&format!("C{}", n - 1));
                    state.prerequisites = vec![Prerequisite { flag, variants }];
                }
                (flag, state)
            })
            .collect();
        let others: Flags<'_> =
            states.iter().map(|(flag, state)| (&flag.key, (flag, state))).collect();
        let verdict = |n: usize| {
            let (flag, state) = &states[n];
            state.validate(flag, &others, &Segments::new())
        };
        assert_eq!(verdict(MAX_DEPTH), Ok(()));
        assert_eq!(verdict(MAX_DEPTH + 1), Err(InvalidFlag::TooDeep(MAX_DEPTH + 1)));
    }

    #[test]
    fn a_circle_of_prerequisites_is_refused() {
        assert_eq!(
            state_complaint(json!({"prerequisites": [{"flag": "B", "variants": ["on"]}]})),
            "prerequisites: A → B → C → A is a circle; remove one of them"
        );
        assert_eq!(
            state_complaint(json!({"prerequisites": [{"flag": "A", "variants": ["on"]}]})),
            "prerequisites: A → A is a circle; remove one of them"
        );
    }
}
