//! The fields of a flag's rules.

use leptos::prelude::*;

use super::{
    condition::render_condition,
    fields::{render_add, render_options, render_press},
};
use crate::models::drafts::{FlagDraft, RuleDraft, SPLIT, WeightRow};

/// Renders all rules, in their order.
pub(super) fn render_rules(draft: &FlagDraft) -> AnyView {
    let names = draft.variant_names();
    let rules = draft.rules.iter().enumerate();
    let rules: Vec<AnyView> = rules.map(|(index, rule)| render_rule(index, rule, &names)).collect();
    view! {
        <fieldset class="card stack">
            <legend>"Rules"</legend>
            <p class="hint">"Evaluated in order; the first match decides. Users without a match follow the rollout, then get the default variant."</p>
            <ol class="stack">{rules}</ol>
            <div>{render_add("rules", "Add a rule")}</div>
        </fieldset>
    }
    .into_any()
}

fn render_rule(index: usize, rule: &RuleDraft, variants: &[String]) -> AnyView {
    let name = move |field: &str| format!("draft[rules][{index}]{field}");
    let number = index + 1;
    let up = (index > 0).then(|| {
        render_press(
            format!("up rules.{index}"),
            format!("Move rule {number} up"),
            "↑",
            "button button-small",
        )
    });
    let remove = render_press(
        format!("remove rules.{index}"),
        format!("Remove rule {number}"),
        "Remove",
        "button button-small",
    );
    let condition = render_condition(&rule.condition(), &name(""), &format!("rules.{index}.rows"));
    view! {
        <li class="rule stack">
            <div class="row row-middle">
                <strong>{format!("Rule {number}")}</strong>
                <input type="text" name=name("[name]") value=rule.name.clone() placeholder="name (optional)"
                    aria-label=format!("Name of rule {number}") maxlength="200"/>
                {up} {remove}
            </div>
            {condition}
            <div class="row row-middle">
                <label class="field-inline"><span>"get"</span>
                    <select name=name("[serve]")>{render_options(variants, &rule.serve, Some((SPLIT, "a split")))}</select>
                </label>
                <label class="field-inline"><span>"at"</span>
                    <input type="number" name=name("[share]") value=rule.share.clone() min="0" max="100" step="0.001"/>
                    " % of them"
                </label>
            </div>
            {render_split(index, rule, variants)}
            {render_ramp(index, rule)}
        </li>
    }
    .into_any()
}

fn render_split(index: usize, rule: &RuleDraft, variants: &[String]) -> AnyView {
    let is_split = rule.serve == SPLIT;
    // In the order of the split, which assigns buckets to variants.
    let is_new = |name: &&String| rule.weights.iter().all(|weight| weight.variant != **name);
    let new = variants.iter().filter(is_new);
    let new = new.map(|name| WeightRow { variant: name.clone(), share: String::new() });
    let weights: Vec<WeightRow> = rule.weights.iter().cloned().chain(new).collect();
    let weight = |(at, WeightRow { variant, share }): (usize, WeightRow)| {
        let name = format!("draft[rules][{index}][weights][{at}]");
        let (label, value) = (variant.clone(), variant);
        view! {
            <label class="field-inline"><span>{label}</span>
                <input type="hidden" name=format!("{name}[variant]") value=value/>
                <input type="number" name=format!("{name}[share]") value=share min="0" max="100" step="0.001"/>" %"
            </label>
        }
        .into_any()
    };
    let weights: Vec<AnyView> = weights.into_iter().enumerate().map(weight).collect();
    let press = format!("equal rules.{index}.weights");
    view! {
        <details open=is_split>
            <summary>"Split: shares must add up to 100 %"</summary>
            <div class="row">
                {weights}
                <button class="button button-small" type="submit" name="press" value=press formnovalidate>"Equal parts"</button>
            </div>
        </details>
    }
    .into_any()
}

fn render_ramp(index: usize, rule: &RuleDraft) -> AnyView {
    let name = |field: &str| format!("draft[rules][{index}][{field}]");
    let has_ramp = !rule.ramp_ends.is_empty() || !rule.ramp_to.is_empty();
    view! {
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
    }
    .into_any()
}
