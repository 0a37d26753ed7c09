//! The draft of a rule in its form.

use phasegate_domain::{
    Timestamp,
    flags::{Portion, Ramp, Rule, Serve},
};
use serde_json::{Value, json};

use crate::{parts::ConditionDraft, request::Form};

/// The typed fields of a rule. They may still be invalid.
#[derive(Debug, Clone)]
pub(super) struct RuleDraft {
    pub(super) name: String,
    pub(super) condition: ConditionDraft,
    /// A variant's name, or [`SPLIT`].
    pub(super) serve: String,
    pub(super) share: String,
    pub(super) ramp_to: String,
    pub(super) ramp_starts: String,
    pub(super) ramp_ends: String,
    /// The variants of a split with their shares, in order.
    pub(super) weights: Vec<(String, String)>,
}

/// The value of `serve` for a split; no variant has a space in its name.
pub(super) const SPLIT: &str = " split";

/// Formats an instant for a `datetime-local` field, in UTC.
pub(super) fn format_datetime_local(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Converts the value of a `datetime-local` field to RFC 3339. Other texts are returned unchanged,
/// and parsing the document rejects them.
pub(super) fn parse_datetime_local(text: &str) -> String {
    match text.len() {
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

impl RuleDraft {
    pub(super) fn new(rule: &Rule) -> Self {
        let mut draft = Self {
            name: rule.name.clone(),
            condition: ConditionDraft::new(&rule.condition),
            serve: SPLIT.to_owned(),
            share: "100".to_owned(),
            ramp_to: String::new(),
            ramp_starts: String::new(),
            ramp_ends: String::new(),
            weights: Vec::new(),
        };
        match &rule.serve {
            Serve::Variant(variant) => draft.serve = variant.to_string(),
            Serve::Share(variant, Portion::Fixed(share)) => {
                draft.serve = variant.to_string();
                draft.share = share.percent().to_string();
            }
            Serve::Share(variant, Portion::Ramp(Ramp { from, to, starts_at, ends_at })) => {
                draft.serve = variant.to_string();
                draft.share = from.percent().to_string();
                draft.ramp_to = to.percent().to_string();
                draft.ramp_starts = format_datetime_local(*starts_at);
                draft.ramp_ends = format_datetime_local(*ends_at);
            }
            Serve::Split(parts) => {
                let weight = |part: &phasegate_domain::flags::WeightedVariant| {
                    (part.variant.to_string(), part.share.percent().to_string())
                };
                draft.weights = parts.iter().map(weight).collect();
            }
        }
        draft
    }

    pub(super) fn read_form(form: &Form, index: usize) -> Option<Self> {
        let prefix = format!("rule.{index}");
        let field = |name: &str| form.get(&format!("{prefix}.{name}")).to_owned();
        if !form.has(&format!("{prefix}.serve")) {
            return None;
        }
        let serve = form.get_all(&format!("{prefix}.serve")).next().unwrap_or_default().to_owned();
        Some(Self {
            name: field("name"),
            condition: ConditionDraft::read_form(form, &prefix),
            serve,
            share: field("share"),
            ramp_to: field("ramp_to"),
            ramp_starts: field("ramp_starts"),
            ramp_ends: field("ramp_ends"),
            weights: form
                .names_with_prefix(&format!("{prefix}.weight."))
                .map(|name| (name.to_owned(), field(&format!("weight.{name}"))))
                .filter(|(_, share)| !share.is_empty())
                .collect(),
        })
    }

    pub(super) fn to_json(&self, index: usize) -> Result<Value, String> {
        let condition = self.condition.to_json();
        let condition = condition.map_err(|error| format!("rules[{index}].condition: {error}"))?;
        let number = |field: &str, text: &str| {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| format!("rules[{index}].{field}: must be a number, not {text:?}"))
        };
        let mut rule = json!({"name": self.name, "condition": condition});
        let fields = rule.as_object_mut().ok_or("a rule is an object")?;
        if self.serve == SPLIT {
            let part = |(variant, share): &(String, String)| {
                Ok(
                    json!({"variant": variant, "share": number(&format!("split.{variant}"), share)?}),
                )
            };
            let parts = self.weights.iter().map(part).collect::<Result<Value, String>>()?;
            fields.insert("split".into(), parts);
            return Ok(rule);
        }
        fields.insert("variant".into(), json!(self.serve));
        let share = if self.share.is_empty() { 100.0 } else { number("share", &self.share)? };
        if !self.ramp_ends.is_empty() || !self.ramp_to.is_empty() {
            let ramp = json!({"from": share, "to": number("ramp.to", &self.ramp_to)?,
                "starts_at": parse_datetime_local(&self.ramp_starts), "ends_at": parse_datetime_local(&self.ramp_ends)});
            fields.insert("ramp".into(), ramp);
        } else if share != 100.0 {
            fields.insert("share".into(), json!(share));
        }
        Ok(rule)
    }
}
