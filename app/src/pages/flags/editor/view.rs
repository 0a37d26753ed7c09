//! The fields of the flag editor.

use leptos::prelude::*;
use phasegate_domain::flags::FlagKind;

use super::{
    draft::FlagDraft,
    rule::{RuleDraft, SPLIT},
};
use crate::components::TextArea;

impl FlagDraft {
    fn render_variant_choice(
        &self,
        name: &'static str,
        label: &'static str,
        chosen: &str,
    ) -> AnyView {
        let options = render_variant_options(&self.variant_names(), chosen);
        view! { <label class="field"><span>{label}</span><select name=name>{options}</select></label> }
            .into_any()
    }

    pub(in super::super) fn render_fields(&self, flags: &[String], segments: &[String]) -> AnyView {
        let listed = |id: &'static str, keys: &[String]| {
            let options = keys.iter().map(|key| view! { <option value=key.clone()></option> });
            view! { <datalist id=id>{options.collect_view()}</datalist> }
        };
        let known: Vec<String> = [
            "targetingKey",
            "groups",
            "plan",
            "country",
            "app_version",
            "signed_up_at",
            "last_active_at",
        ]
        .map(str::to_owned)
        .to_vec();
        view! {
            {listed("flags", flags)} {listed("values", segments)} {listed("attributes", &known)}
            {self.rules_view()}
            {self.needs_view()}
            {self.schedule_view()}
            {self.definition_view()}
        }
        .into_any()
    }

    fn rules_view(&self) -> AnyView {
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(index, rule)| self.rule_view(index, rule)).collect_view();
        view! {
            <fieldset class="card stack">
                <legend>"Rules"</legend>
                <p class="hint">"Evaluated in order; the first match decides. Users without a match follow the rollout, then get the default variant."</p>
                <ol class="stack">{rules}</ol>
                <div><button class="button" name="do" value="add-rule" formnovalidate>"Add a rule"</button></div>
            </fieldset>
        }
        .into_any()
    }

    fn rule_view(&self, index: usize, rule: &RuleDraft) -> AnyView {
        let name = |field: &str| format!("rule.{index}.{field}");
        let is_split = rule.serve == SPLIT;
        // In the order of the split, which assigns buckets to variants.
        let mut order: Vec<String> = rule.weights.iter().map(|(name, _)| name.clone()).collect();
        order.extend(
            self.variant_names()
                .into_iter()
                .filter(|name| rule.weights.iter().all(|(n, _)| n != name)),
        );
        let weights = order.into_iter().map(|variant| {
            let weight = rule.weights.iter().find(|(name, _)| *name == variant);
            let weight = weight.map(|(_, share)| share.clone()).unwrap_or_default();
            view! {
                <label class="field-inline"><span>{variant.clone()}</span>
                    <input type="number" name=name(&format!("weight.{variant}")) value=weight min="0" max="100" step="0.001"/>" %"
                </label>
            }
        });
        let has_ramp = !rule.ramp_ends.is_empty() || !rule.ramp_to.is_empty();
        let up = (index > 0).then(|| view! {
            <button class="button button-small" name="do" value=format!("up-rule {index}") formnovalidate
                aria-label=format!("Move rule {} up", index + 1)>"↑"</button>
        });
        view! {
            <li class="rule stack">
                <div class="row row-middle">
                    <strong>{format!("Rule {}", index + 1)}</strong>
                    <input type="text" name=name("name") value=rule.name.clone() placeholder="name (optional)"
                        aria-label=format!("Name of rule {}", index + 1) maxlength="200"/>
                    {up}
                    <button class="button button-small" name="do" value=format!("remove-rule {index}") formnovalidate
                        aria-label=format!("Remove rule {}", index + 1)>"Remove"</button>
                </div>
                {rule.condition.render_fields(&format!("rule.{index}"))}
                <div class="row row-middle">
                    <label class="field-inline"><span>"get"</span>
                        <select name=name("serve")>
                            {render_variant_options(&self.variant_names(), &rule.serve)}
                            <option value=SPLIT selected=is_split>"a split"</option>
                        </select>
                    </label>
                    <label class="field-inline"><span>"at"</span>
                        <input type="number" name=name("share") value=rule.share.clone() min="0" max="100" step="0.001"/>
                        " % of them"
                    </label>
                </div>
                <details open=is_split>
                    <summary>"Split: shares must add up to 100 %"</summary>
                    <div class="row">{weights.collect_view()}</div>
                </details>
                <details open=has_ramp>
                    <summary>"Ramp: increase the share above over time"</summary>
                    <div class="row">
                        <label class="field-inline"><span>"to"</span>
                            <input type="number" name=name("ramp_to") value=rule.ramp_to.clone() min="0" max="100" step="0.001"/>" %"</label>
                        <label class="field-inline"><span>"between (UTC)"</span>
                            <input type="datetime-local" step="1" name=name("ramp_starts") value=rule.ramp_starts.clone()/></label>
                        <label class="field-inline"><span>"and"</span>
                            <input type="datetime-local" step="1" name=name("ramp_ends") value=rule.ramp_ends.clone()/></label>
                    </div>
                </details>
            </li>
        }
        .into_any()
    }

    fn needs_view(&self) -> AnyView {
        let rows = self.needs.iter().enumerate().map(|(index, (flag, variants))| view! {
            <div class="row row-middle">
                <input type="text" name=format!("needs.{index}.flag") value=flag.clone() list="flags"
                    placeholder="flag" aria-label="Flag" autocomplete="off"/>
                "returns"
                <input type="text" name=format!("needs.{index}.variants") value=variants.clone()
                    placeholder="on" aria-label="Variants, comma-separated" autocomplete="off"/>
                <button class="button button-small" name="do" value=format!("remove-needs {index}") formnovalidate
                    aria-label="Remove this prerequisite">"✕"</button>
            </div>
        });
        view! {
            <fieldset class="card stack">
                <legend>"Prerequisites"</legend>
                <p class="hint">"Flags that must return one of these variants; otherwise this flag returns its off variant."</p>
                {rows.collect_view()}
                <div><button class="button" name="do" value="add-needs" formnovalidate>"Add a prerequisite"</button></div>
            </fieldset>
        }
        .into_any()
    }

    fn schedule_view(&self) -> AnyView {
        let rows = self.schedule.iter().enumerate().map(|(index, (at, enabled))| view! {
            <div class="row row-middle">
                <label class="field-inline"><span>"At (UTC)"</span>
                    <input type="datetime-local" step="1" name=format!("at.{index}.at") value=at.clone()/></label>
                <select name=format!("at.{index}.enabled") aria-label="Action">
                    <option value="on" selected=*enabled>"switch on"</option>
                    <option value="off" selected=!*enabled>"switch off"</option>
                </select>
                <button class="button button-small" name="do" value=format!("remove-at {index}") formnovalidate
                    aria-label="Remove this time">"✕"</button>
            </div>
        });
        view! {
            <fieldset class="card stack">
                <legend>"Schedule"</legend>
                {rows.collect_view()}
                <div><button class="button" name="do" value="add-at" formnovalidate>"Add a time"</button></div>
            </fieldset>
        }
        .into_any()
    }

    fn definition_view(&self) -> AnyView {
        let is_object = self.kind == FlagKind::Object;
        let variants = self.variants.iter().enumerate().map(|(index, (name, value))| {
            let field = format!("variant.{index}.value");
            let value = if is_object || value.contains('\n') {
                view! { <TextArea value=value.clone() rows=3 name=field code=true label="Value"/> }.into_any()
            } else {
                view! { <input type="text" name=field value=value.clone() placeholder="value" aria-label="Value" autocomplete="off"/> }.into_any()
            };
            view! {
                <div class="row row-middle">
                    <input type="text" name=format!("variant.{index}.name") value=name.clone() placeholder="name"
                        aria-label="Variant" autocomplete="off" maxlength="100"/>
                    "=" {value}
                    <button class="button button-small" name="do" value=format!("remove-variant {index}") formnovalidate
                        aria-label="Remove this variant">"✕"</button>
                </div>
            }
        });
        view! {
            <fieldset class="card stack">
                <legend>"Definition, shared by all environments"</legend>
                <label class="field"><span>"Name"</span>
                    <input type="text" name="name" value=self.name.clone() maxlength="200"/></label>
                <label class="field"><span>"Description"</span>
                    <TextArea value=self.description.clone() rows=2 name="description"/></label>
                <div class="filters">
                    <label class="field"><span>"Owner"</span>
                        <input type="text" name="owner" value=self.owner.clone() maxlength="200"/></label>
                    <label class="field"><span>"Tags, comma-separated"</span>
                        <input type="text" name="tags" value=self.tags.clone() maxlength="500"/></label>
                    <label class="field"><span>"Salt (changing it reassigns every user)"</span>
                        <input type="text" name="salt" value=self.salt.clone() maxlength="200"/></label>
                </div>
                <p class="hint">{format!("Variants: name and value, each a {}.", self.kind.as_str())}</p>
                {variants.collect_view()}
                <div><button class="button" name="do" value="add-variant" formnovalidate>"Add a variant"</button></div>
                <div class="filters">
                    {self.render_variant_choice("off", "Off variant", &self.off)}
                    {self.render_variant_choice("default", "Default variant", &self.default)}
                    {self.render_variant_choice("rollout", "Rollout variant", &self.rollout)}
                </div>
            </fieldset>
        }
        .into_any()
    }
}

/// Returns the options of a variant field. An unknown chosen variant is listed as well.
fn render_variant_options(names: &[String], chosen: &str) -> AnyView {
    let option = |name: &String| {
        let is_chosen = name == chosen;
        view! { <option value=name.clone() selected=is_chosen>{name.clone()}</option> }
    };
    let is_lost = !chosen.is_empty() && chosen != SPLIT && names.iter().all(|name| name != chosen);
    let lost = is_lost.then(|| {
        view! {
            <option value=chosen.to_owned() selected>{format!("{chosen} (unknown variant)")}</option>
        }
    });
    view! { {lost} {names.iter().map(option).collect_view()} }.into_any()
}
