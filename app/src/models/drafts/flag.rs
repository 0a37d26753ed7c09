//! The draft of a flag.

use phasegate_domain::diff::FieldChange;
use serde::{Deserialize, Serialize};

use super::{
    ConditionDraft, ConditionRow,
    condition::press_row,
    press::{Press, remove_item},
};

/// The typed fields of a flag. Its key, kind and switch are not part of the form.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlagDraft {
    pub name: String,
    pub description: String,
    pub owner: String,
    /// All tags, separated by commas.
    pub tags: String,
    pub variants: Vec<VariantRow>,
    pub off: String,
    pub default: String,
    pub rollout: String,
    pub salt: String,
    pub rules: Vec<RuleDraft>,
    pub prerequisites: Vec<PrerequisiteRow>,
    pub schedule: Vec<SwitchRow>,
}

/// A variant with its value: a string without quotes, or JSON.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantRow {
    pub name: String,
    pub value: String,
}

/// A flag, and its variants separated by commas.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrerequisiteRow {
    pub flag: String,
    pub variants: String,
}

/// An instant in UTC, and whether the flag is on from then.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwitchRow {
    pub at: String,
    pub enabled: bool,
}

/// A variant of a split with its share.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WeightRow {
    pub variant: String,
    pub share: String,
}

/// The typed fields of a rule.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleDraft {
    pub name: String,
    // The fields of a `ConditionDraft`: server functions decode no deeper names.
    pub any: bool,
    pub rows: Vec<ConditionRow>,
    pub is_list: bool,
    pub json: Option<String>,
    /// A variant's name, or [`SPLIT`].
    pub serve: String,
    pub share: String,
    pub ramp_to: String,
    pub ramp_starts: String,
    pub ramp_ends: String,
    /// The variants of a split with their shares, in order; without a share, a variant is left out.
    pub weights: Vec<WeightRow>,
}

/// The value of `serve` for a split; no variant has a space in its name.
pub const SPLIT: &str = " split";

/// The thousandths of a per cent that a split hands out.
const WHOLE: usize = 100_000;

impl FlagDraft {
    /// The names of its variants.
    #[must_use]
    pub fn variant_names(&self) -> Vec<String> {
        let names = self.variants.iter().map(|variant| variant.name.clone());
        names.filter(|name| !name.is_empty()).collect()
    }

    /// Applies a button that adds, removes or moves a row; ignores other buttons.
    pub fn press(&mut self, button: &str) {
        let press = Press::parse(button);
        let names = self.variant_names();
        let Press { action, list, index, inner, .. } = press;
        match (action, list) {
            (_, "rules") if !inner.is_empty() => {
                if let Some(rule) = self.rules.get_mut(index) {
                    rule.press(&press, &names);
                }
            }
            ("add", "variants") => self.variants.push(VariantRow::default()),
            ("add", "rules") => self.rules.push(self.new_rule()),
            ("add", "prerequisites") => self.prerequisites.push(PrerequisiteRow::default()),
            ("add", "schedule") => self.schedule.push(SwitchRow::default()),
            ("remove", "variants") => remove_item(&mut self.variants, index),
            ("remove", "rules") => remove_item(&mut self.rules, index),
            ("remove", "prerequisites") => remove_item(&mut self.prerequisites, index),
            ("remove", "schedule") => remove_item(&mut self.schedule, index),
            ("up", "rules") if index > 0 && index < self.rules.len() => {
                self.rules.swap(index - 1, index);
            }
            _ => {}
        }
    }

    /// A new rule reaches nobody until its share is raised.
    fn new_rule(&self) -> RuleDraft {
        RuleDraft { serve: self.rollout.clone(), share: "0".to_owned(), ..RuleDraft::default() }
    }
}

impl RuleDraft {
    /// The condition of the rule.
    #[must_use]
    pub fn condition(&self) -> ConditionDraft {
        let Self { any, rows, is_list, json, .. } = self;
        ConditionDraft { any: *any, rows: rows.clone(), is_list: *is_list, json: json.clone() }
    }

    fn press(&mut self, press: &Press<'_>, variants: &[String]) {
        match press.inner {
            "rows" => press_row(&mut self.rows, press, press.inner_index),
            "weights" => self.split_equally(variants),
            _ => {}
        }
    }

    /// Splits the users into equal parts. What is left after rounding goes to the last ones, so that
    /// the shares add up to 100 %.
    fn split_equally(&mut self, variants: &[String]) {
        let count = variants.len().max(1);
        let (part, rest) = (WHOLE / count, WHOLE % count);
        let share = |index: usize| part + usize::from(index >= count - rest);
        let weight = |(index, variant): (usize, &String)| {
            let share = share(index);
            let text = format!("{}.{:03}", share / 1_000, share % 1_000);
            let share = text.trim_end_matches('0').trim_end_matches('.').to_owned();
            WeightRow { variant: variant.clone(), share }
        };
        self.weights = variants.iter().enumerate().map(weight).collect();
        SPLIT.clone_into(&mut self.serve);
    }
}

/// What saving a draft would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EditorPreview {
    /// Why it cannot be saved yet.
    pub problem: Option<String>,
    /// What it means, in plain words.
    pub words: Vec<String>,
    /// The fields that change.
    pub changes: Vec<FieldChange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(names: &[&str]) -> FlagDraft {
        let variant =
            |name: &&str| VariantRow { name: (*name).to_owned(), ..VariantRow::default() };
        FlagDraft { variants: names.iter().map(variant).collect(), ..FlagDraft::default() }
    }

    #[test]
    fn equal_parts_add_up_to_the_whole() {
        let mut three = draft(&["a", "b", "c"]);
        three.press("add rules");
        assert_eq!(three.rules[0].share, "0", "a new rule reaches nobody");
        three.press("equal rules.0.weights");
        let shares: Vec<&str> = three.rules[0].weights.iter().map(|w| w.share.as_str()).collect();
        assert_eq!(shares, ["33.333", "33.333", "33.334"]);
        assert_eq!(three.rules[0].serve, SPLIT);
    }

    #[test]
    fn rows_are_added_moved_and_removed() {
        let mut flag = draft(&["on"]);
        for press in ["add rules", "add rules", "add rules.1.rows", "up rules.1"] {
            flag.press(press);
        }
        assert_eq!(flag.rules[0].rows.len(), 1);
        for press in ["remove rules.0.rows.0", "remove rules.1", "remove rules.9", "fly away"] {
            flag.press(press);
        }
        assert_eq!((flag.rules.len(), flag.rules[0].rows.len()), (1, 0));
    }
}
