//! Converts flags to their drafts and back.

use phasegate_domain::{
    Timestamp,
    field_error::{FieldCode, FieldError},
    flags::{
        FlagDocument, FlagKind, Portion, Prerequisite, Ramp, Rule, Serve, Variant, WeightedVariant,
    },
    json,
};
use phasegate_service::ServiceError;
use serde_json::{Value, json};

use super::{
    ConditionDraft, FlagDraft, PrerequisiteRow, RuleDraft, SPLIT, SwitchRow, VariantRow, WeightRow,
};

/// Formats a variant's value for its field: strings without quotes, other kinds as JSON.
fn format_variant_value(kind: FlagKind, value: &Value) -> String {
    match (kind, value) {
        (FlagKind::String, Value::String(text)) => text.clone(),
        (FlagKind::Object, value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (_, value) => value.to_string(),
    }
}

/// Formats an instant for a `datetime-local` field, in UTC.
fn format_datetime_local(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Converts the value of a `datetime-local` field to RFC 3339. Other texts are returned unchanged,
/// and parsing the document rejects them.
fn parse_datetime_local(text: &str) -> String {
    match text.len() {
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

fn split_commas(text: &str) -> Vec<String> {
    let items = text.split(',').map(|item| item.trim().to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

fn invalid(field: String, message: impl Into<String>) -> ServiceError {
    FieldError::new(field, FieldCode::Invalid, message.into()).into()
}

impl FlagDraft {
    pub(crate) fn new(document: &FlagDocument) -> Self {
        let variant = |variant: &Variant| VariantRow {
            name: variant.name.to_string(),
            value: format_variant_value(document.kind, &variant.value),
        };
        let need = |need: &Prerequisite| {
            let variants: Vec<&str> = need.variants.iter().map(|v| v.as_str()).collect();
            PrerequisiteRow { flag: need.flag.to_string(), variants: variants.join(", ") }
        };
        let switches = document.schedule.iter();
        Self {
            name: document.name.clone(),
            description: document.description.clone(),
            owner: document.owner.clone(),
            tags: document.tags.join(", "),
            variants: document.variants.iter().map(variant).collect(),
            off: document.off_variant.to_string(),
            default: document.default_variant.to_string(),
            rollout: document.rollout_variant.to_string(),
            salt: document.salt.clone(),
            rules: document.rules.iter().map(RuleDraft::new).collect(),
            prerequisites: document.prerequisites.iter().map(need).collect(),
            schedule: switches
                .map(|s| SwitchRow { at: format_datetime_local(s.at), enabled: s.enabled })
                .collect(),
        }
    }

    /// Returns whether the form represents a flag without loss. Otherwise it is edited as JSON.
    pub(crate) fn can_hold(document: &FlagDocument) -> bool {
        Self::new(document).parse_document(document).is_ok_and(|parsed| parsed == *document)
    }

    /// Parses the typed fields; `stored` supplies what is not part of the form. The error names the
    /// field.
    pub(crate) fn parse_document(
        &self,
        stored: &FlagDocument,
    ) -> Result<FlagDocument, ServiceError> {
        let value = |index: usize, text: &str| match stored.kind {
            FlagKind::String => Ok(Value::from(text.replace("\r\n", "\n"))),
            _ => json::parse_document(text.as_bytes()).map_err(|error| {
                invalid(format!("variants[{index}].value"), format!("is not JSON: {error}"))
            }),
        };
        let variants = self.variants.iter().enumerate().map(|(index, variant)| {
            Ok(json!({"name": variant.name.trim(), "value": value(index, &variant.value)?}))
        });
        let rules = self.rules.iter().enumerate().map(|(index, rule)| rule.to_json(index));
        let needs = self.prerequisites.iter().filter(|need| !need.flag.trim().is_empty());
        let needs = needs.map(
            |need| json!({"flag": need.flag.trim(), "variants": split_commas(&need.variants)}),
        );
        let schedule = self.schedule.iter().filter(|switch| !switch.at.is_empty());
        let schedule = schedule.map(
            |switch| json!({"at": parse_datetime_local(&switch.at), "enabled": switch.enabled}),
        );
        let document = json!({
            "key": stored.key,
            "kind": stored.kind,
            "name": self.name.trim(),
            "description": self.description.trim().replace("\r\n", "\n"),
            "owner": self.owner.trim(),
            "tags": split_commas(&self.tags),
            "variants": variants.collect::<Result<Value, ServiceError>>()?,
            "off_variant": self.off,
            "default_variant": self.default,
            "rollout_variant": self.rollout,
            "salt": self.salt.trim(),
            "enabled": stored.enabled,
            "killed": stored.killed,
            "archived": stored.archived,
            "rules": rules.collect::<Result<Value, ServiceError>>()?,
            "prerequisites": needs.collect::<Value>(),
            "schedule": schedule.collect::<Value>(),
        });
        phasegate_service::flags::read_document(document)
    }
}

impl RuleDraft {
    fn new(rule: &Rule) -> Self {
        let ConditionDraft { any, rows, is_list, json } = ConditionDraft::new(&rule.condition);
        let mut draft = Self {
            name: rule.name.clone(),
            any,
            rows,
            is_list,
            json,
            serve: SPLIT.to_owned(),
            share: "100".to_owned(),
            ..Self::default()
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
                let weight = |part: &WeightedVariant| WeightRow {
                    variant: part.variant.to_string(),
                    share: part.share.percent().to_string(),
                };
                draft.weights = parts.iter().map(weight).collect();
            }
        }
        draft
    }

    fn to_json(&self, index: usize) -> Result<Value, ServiceError> {
        let condition = self.condition().to_json();
        let condition =
            condition.map_err(|error| invalid(format!("rules[{index}].condition"), error))?;
        let number = |field: &str, text: &str| {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            let wrong = || {
                invalid(
                    format!("rules[{index}].{field}"),
                    format!("must be a number, not {text:?}"),
                )
            };
            number.ok_or_else(wrong)
        };
        let mut rule = json!({"name": self.name.trim(), "condition": condition});
        let Some(fields) = rule.as_object_mut() else { return Ok(rule) };
        if self.serve == SPLIT {
            let parts = self.weights.iter().filter(|weight| !weight.share.trim().is_empty());
            let part = |weight: &WeightRow| {
                let share = number(&format!("split.{}", weight.variant), &weight.share)?;
                Ok(json!({"variant": weight.variant, "share": share}))
            };
            fields
                .insert("split".into(), parts.map(part).collect::<Result<Value, ServiceError>>()?);
            return Ok(rule);
        }
        fields.insert("variant".into(), json!(self.serve));
        let share =
            if self.share.trim().is_empty() { 100.0 } else { number("share", &self.share)? };
        if !self.ramp_ends.is_empty() || !self.ramp_to.trim().is_empty() {
            let ramp = json!({"from": share, "to": number("ramp.to", &self.ramp_to)?,
                "starts_at": parse_datetime_local(&self.ramp_starts), "ends_at": parse_datetime_local(&self.ramp_ends)});
            fields.insert("ramp".into(), ramp);
        } else if share != 100.0 {
            fields.insert("share".into(), json!(share));
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_survives_a_round_trip_through_its_form() {
        let document: FlagDocument = serde_json::from_value(json!({
            "key": "A", "kind": "boolean", "tags": ["a", "b"], "owner": "ada",
            "rules": [
                {"name": "Beta", "condition": {"in_segment": "beta"}, "variant": "on"},
                {"variant": "on", "share": 12.5},
                {"split": [{"variant": "on", "share": 30}, {"variant": "off", "share": 70}]},
                {"variant": "on", "ramp": {"from": 5, "to": 50,
                    "starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-02T08:00:00Z"}},
            ],
            "prerequisites": [{"flag": "B", "variants": ["on", "off"]}],
            "schedule": [{"at": "2026-12-24T00:00:00Z", "enabled": false}],
        }))
        .unwrap();
        let mut draft = FlagDraft::new(&document);
        assert_eq!(draft.parse_document(&document).unwrap(), document);
        for press in
            ["add rules", "up rules.4", "add rules.3.rows", "remove rules.0", "remove rules.99"]
        {
            draft.press(press);
        }
        assert_eq!(draft.rules.len(), 4);
        let error = draft.parse_document(&document).unwrap_err().to_string();
        assert!(error.contains("rules[2].condition"), "{error}");
    }
}
