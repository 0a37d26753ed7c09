//! The draft of a flag in its form.

use phasegate_domain::{
    flags::{FlagDocument, FlagKind},
    json,
};
use serde_json::{Map, Value, json};

use super::rule::{RuleDraft, format_datetime_local, parse_datetime_local};
use crate::{parts::ConditionDraft, request::Form};

/// The typed fields of a flag. They may still be invalid.
#[derive(Debug, Clone)]
pub(in super::super) struct FlagDraft {
    pub(super) key: String,
    pub(in super::super) kind: FlagKind,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) owner: String,
    pub(super) tags: String,
    pub(super) variants: Vec<(String, String)>,
    pub(super) off: String,
    pub(super) default: String,
    pub(super) rollout: String,
    pub(super) salt: String,
    pub(super) rules: Vec<RuleDraft>,
    /// A flag, and its variants separated by commas.
    pub(super) needs: Vec<(String, String)>,
    /// An instant, and whether the flag is on from then.
    pub(super) schedule: Vec<(String, bool)>,
    pub(super) enabled: bool,
    pub(super) killed: bool,
    pub(super) archived: bool,
}

/// Formats a variant's value for its field: strings without quotes, other kinds as JSON.
fn format_variant_value(kind: FlagKind, value: &Value) -> String {
    match (kind, value) {
        (FlagKind::String, Value::String(text)) => text.clone(),
        (FlagKind::Object, value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (_, value) => value.to_string(),
    }
}

impl FlagDraft {
    pub(in super::super) fn new(document: &FlagDocument) -> Self {
        let kind = document.kind;
        let variant = |v: &phasegate_domain::flags::Variant| {
            (v.name.to_string(), format_variant_value(kind, &v.value))
        };
        let need = |need: &phasegate_domain::flags::Prerequisite| {
            let variants: Vec<&str> = need.variants.iter().map(|v| v.as_str()).collect();
            (need.flag.to_string(), variants.join(", "))
        };
        Self {
            key: document.key.to_string(),
            kind,
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
            needs: document.prerequisites.iter().map(need).collect(),
            schedule: document
                .schedule
                .iter()
                .map(|s| (format_datetime_local(s.at), s.enabled))
                .collect(),
            enabled: document.enabled,
            killed: document.killed,
            archived: document.archived,
        }
    }

    /// Reads the fields of a form; `stored` supplies what the form does not hold.
    pub(in super::super) fn read_form(form: &Form, stored: &FlagDocument) -> Self {
        let field = |name: &str| form.get(name).to_owned();
        let pairs = |rows: &str, first: &str, second: &str| -> Vec<(String, String)> {
            let row = |index| {
                let name = |field: &str| format!("{rows}.{index}.{field}");
                form.has(&name(first)).then(|| (field(&name(first)), field(&name(second))))
            };
            (0..form.count_rows(rows)).filter_map(row).collect()
        };
        let variant = |index| {
            let name = format!("variant.{index}.name");
            form.has(&name)
                .then(|| (field(&name), form.get_exact(&format!("variant.{index}.value"))))
        };
        let variants = (0..form.count_rows("variant")).filter_map(variant).collect();
        let rule = |index| RuleDraft::read_form(form, index);
        Self {
            name: field("name"),
            description: field("description"),
            owner: field("owner"),
            tags: field("tags"),
            off: field("off"),
            default: field("default"),
            rollout: field("rollout"),
            salt: field("salt"),
            rules: (0..form.count_rows("rule")).filter_map(rule).collect(),
            needs: pairs("needs", "flag", "variants"),
            schedule: pairs("at", "at", "enabled")
                .into_iter()
                .map(|(at, enabled)| (at, enabled == "on"))
                .collect(),
            variants,
            ..Self::new(stored)
        }
    }

    /// Applies a button that adds, removes or moves a row; ignores other buttons.
    pub(in super::super) fn press_button(&mut self, button: &str) {
        let mut words = button.split(' ');
        let (action, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
        let rule_of = |prefix: &str| prefix.strip_prefix("rule.").map_or(usize::MAX, number);
        let at = number(target);
        match action {
            "add-variant" => self.variants.push((String::new(), String::new())),
            "add-rule" => self.rules.push(RuleDraft {
                name: String::new(),
                condition: ConditionDraft::new(&phasegate_domain::targeting::Condition::default()),
                serve: self.rollout.clone(),
                share: "100".to_owned(),
                ramp_to: String::new(),
                ramp_starts: String::new(),
                ramp_ends: String::new(),
                weights: Vec::new(),
            }),
            "add-needs" => self.needs.push((String::new(), String::new())),
            "add-at" => self.schedule.push((String::new(), !self.enabled)),
            "remove-variant" => remove_item(&mut self.variants, at),
            "remove-rule" => remove_item(&mut self.rules, at),
            "remove-needs" => remove_item(&mut self.needs, at),
            "remove-at" => remove_item(&mut self.schedule, at),
            "up-rule" if at > 0 && at < self.rules.len() => self.rules.swap(at - 1, at),
            "add-if" => {
                if let Some(rule) = self.rules.get_mut(rule_of(target)) {
                    rule.condition.add_row();
                }
            }
            "remove-if" => {
                if let Some(rule) = self.rules.get_mut(rule_of(target)) {
                    rule.condition.remove_row(words.next().map_or(usize::MAX, number));
                }
            }
            _ => {}
        }
    }

    /// Returns whether the form represents a flag without loss. Otherwise it is edited as JSON.
    pub(in super::super) fn can_hold(document: &FlagDocument) -> bool {
        Self::new(document).parse_document().as_ref() == Ok(document)
    }

    /// Parses the typed fields; the error names the field.
    pub(in super::super) fn parse_document(&self) -> Result<FlagDocument, String> {
        let value = |index: usize, text: &str| match self.kind {
            FlagKind::String => Ok(Value::from(text)),
            _ => json::parse_document(text.as_bytes())
                .map_err(|error| format!("variants[{index}].value: is not JSON: {error}")),
        };
        let variants =
            self.variants.iter().enumerate().map(|(index, (name, text))| {
                Ok(json!({"name": name, "value": value(index, text)?}))
            });
        let split = |text: &str| -> Vec<String> {
            text.split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect()
        };
        let rules = self.rules.iter().enumerate().map(|(index, rule)| rule.to_json(index));
        let needs = self.needs.iter().filter(|(flag, _)| !flag.is_empty());
        let needs =
            needs.map(|(flag, variants)| json!({"flag": flag, "variants": split(variants)}));
        let schedule = self.schedule.iter().filter(|(at, _)| !at.is_empty());
        let schedule = schedule
            .map(|(at, enabled)| json!({"at": parse_datetime_local(at), "enabled": enabled}));
        let document = json!({
            "key": self.key,
            "kind": self.kind,
            "name": self.name,
            "description": self.description,
            "owner": self.owner,
            "tags": split(&self.tags),
            "variants": variants.collect::<Result<Value, String>>()?,
            "off_variant": self.off,
            "default_variant": self.default,
            "rollout_variant": self.rollout,
            "salt": self.salt,
            "enabled": self.enabled,
            "killed": self.killed,
            "archived": self.archived,
            "rules": rules.collect::<Result<Value, String>>()?,
            "prerequisites": needs.collect::<Value>(),
            "schedule": schedule.collect::<Value>(),
        });
        phasegate_service::flags::read_document(document).map_err(|error| error.to_string())
    }

    pub(in super::super) fn variant_names(&self) -> Vec<String> {
        self.variants.iter().map(|(name, _)| name.clone()).filter(|name| !name.is_empty()).collect()
    }
}

fn remove_item<T>(list: &mut Vec<T>, index: usize) {
    if index < list.len() {
        list.remove(index);
    }
}

/// Returns the fields of a new flag, with example variants of its kind.
pub(in super::super) fn build_new_flag(
    key: &str,
    kind: FlagKind,
    name: &str,
) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("key".into(), json!(key));
    fields.insert("kind".into(), json!(kind));
    if !name.is_empty() {
        fields.insert("name".into(), json!(name));
    }
    let variants = match kind {
        FlagKind::Boolean => return fields,
        FlagKind::String => {
            json!([{"name": "control", "value": "control"}, {"name": "treatment", "value": "treatment"}])
        }
        FlagKind::Integer => json!([{"name": "low", "value": 1}, {"name": "high", "value": 10}]),
        FlagKind::Float => json!([{"name": "low", "value": 0.5}, {"name": "high", "value": 1.0}]),
        FlagKind::Object => {
            json!([{"name": "control", "value": {}}, {"name": "treatment", "value": {"new": true}}])
        }
    };
    let first = variants.pointer("/0/name").cloned().unwrap_or_default();
    fields.insert("off_variant".into(), first);
    fields.insert("variants".into(), variants);
    fields
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
        assert_eq!(draft.parse_document().unwrap(), document);
        draft.press_button("add-rule");
        draft.press_button("up-rule 4");
        draft.press_button("add-if rule.3");
        draft.press_button("remove-rule 0");
        draft.press_button("remove-rule 99");
        assert_eq!(draft.rules.len(), 4);
        assert!(
            draft.parse_document().unwrap_err().contains("rules[2].condition"),
            "{:?}",
            draft.parse_document()
        );
    }

    #[test]
    fn new_flags_of_every_kind_are_valid() {
        for kind in FlagKind::ALL {
            let fields = Value::Object(build_new_flag("A", kind, ""));
            let document: FlagDocument = serde_json::from_value(fields).unwrap();
            let (flag, _) = document.into_parts(None, 1);
            assert_eq!(flag.validate(), Ok(()));
        }
    }
}
