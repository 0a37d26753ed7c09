//! Describes a flag's targeting in sentences: "on for 5 % of everyone and all of `beta_testers`".

use super::{
    Flag, FlagState,
    rule::{Portion, Rule, Serve},
};
use crate::{
    Timestamp,
    ids::{PhaseNumber, VariantName},
    targeting::{Condition, EVERYONE, Share},
};

/// Returns one sentence per step that decides, in the order of evaluation.
#[must_use]
pub fn describe_targeting(
    flag: &Flag,
    state: &FlagState,
    added_in: Option<PhaseNumber>,
    now: Timestamp,
) -> Vec<String> {
    let off = || format!("{} for everyone", flag.off_variant);
    let mut lines = Vec::new();
    if state.killed {
        return vec![format!("Killed: {}.", off())];
    }
    if !state.is_enabled(now) {
        lines.push(format!("Off: {}.", off()));
    }
    let mut coming: Vec<_> = state.schedule.iter().filter(|switch| switch.at > now).collect();
    coming.sort_by_key(|switch| switch.at);
    for switch in coming {
        let word = if switch.enabled { "on" } else { "off" };
        lines.push(format!("Will be switched {word} at {}.", format_instant(switch.at)));
    }
    if !state.is_enabled(now) {
        return lines;
    }
    for needed in &state.prerequisites {
        let variants: Vec<&str> = needed.variants.iter().map(VariantName::as_str).collect();
        let (flag, variants) = (&needed.flag, variants.join(" or "));
        lines.push(format!("Requires {flag} to return {variants}; otherwise {}.", off()));
    }
    lines.extend(describe_rules(&state.rules, now));
    let is_first = state.rules.is_empty() && added_in.is_none();
    let rest = if is_first { "everyone" } else { "everyone else" };
    let default = state.default_variant(flag);
    lines.push(match added_in {
        Some(phase) => {
            let member = &flag.rollout_variant;
            format!(
                "{member} for members of the rollout from phase {phase} on, {default} for {rest}."
            )
        }
        None => format!("{default} for {rest}."),
    });
    lines
}

/// Describes the rules. Consecutive rules with the same variant share a sentence.
fn describe_rules(rules: &[Rule], now: Timestamp) -> Vec<String> {
    let mut lines: Vec<(Option<&VariantName>, Vec<String>)> = Vec::new();
    // The rules of a flag share their buckets, so a later share does not reach the users whom an
    // earlier share of everyone has answered.
    let mut answered = Share::from_buckets(0);
    for rule in rules {
        let whom = describe_users(&rule.condition);
        let (variant, part) = match &rule.serve {
            Serve::Variant(variant) => (Some(variant), describe_all_of(&whom)),
            Serve::Share(variant, portion) => {
                let (mut part, share) =
                    (describe_portion(portion, &whom, now), portion.share_at(now));
                let none_answered = answered == Share::from_buckets(0);
                if !none_answered && share <= answered {
                    part.push_str(" (no user: an earlier rule answers all of them)");
                } else if !none_answered && share != Share::ALL {
                    part.push_str(&format!(" (less the {answered} whom an earlier rule answers)"));
                }
                if rule.condition.is_everyone() {
                    answered = answered.max(share);
                }
                (Some(variant), part)
            }
            Serve::Split(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| format!("{} for {}", part.variant, part.share))
                    .collect();
                (None, format!("{} of {whom}", parts.join(" and ")))
            }
        };
        match lines.last_mut() {
            Some((last, parts)) if variant.is_some() && *last == variant => parts.push(part),
            _ => lines.push((variant, vec![part])),
        }
    }
    let sentence = |(variant, parts): (Option<&VariantName>, Vec<String>)| match variant {
        Some(variant) => format!("{variant} for {}.", parts.join(" and ")),
        None => format!("{}.", parts.join(" and ")),
    };
    lines.into_iter().map(sentence).collect()
}

/// Describes the users of a rule in a form that can follow "5 % of" and "all of".
fn describe_users(condition: &Condition) -> String {
    match condition {
        condition if condition.is_everyone() => EVERYONE.to_owned(),
        Condition::InSegment(key) => key.to_string(),
        Condition::All(parts) if parts.len() == 1 => {
            parts.first().map(describe_users).unwrap_or_default()
        }
        condition => format!("users where {condition}"),
    }
}

fn describe_all_of(whom: &str) -> String {
    match whom {
        EVERYONE => whom.to_owned(),
        whom if whom.starts_with("users where ") => whom.to_owned(),
        segment => format!("all of {segment}"),
    }
}

fn describe_portion(portion: &Portion, whom: &str, now: Timestamp) -> String {
    match portion {
        Portion::Fixed(share) if *share == Share::ALL => describe_all_of(whom),
        Portion::Fixed(share) => format!("{share} of {whom}"),
        Portion::Ramp(ramp) if ramp.ends_at <= now => {
            describe_portion(&Portion::Fixed(ramp.to), whom, now)
        }
        Portion::Ramp(ramp) => format!(
            "{} of {whom} (ramping from {} to {} between {} and {})",
            ramp.share_at(now),
            ramp.from,
            ramp.to,
            format_instant(ramp.starts_at),
            format_instant(ramp.ends_at),
        ),
    }
}

fn format_instant(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::*;
    use crate::flags::FlagDocument;

    fn describe_document(fields: Value, added_in: Option<u16>) -> String {
        let mut document = json!({"key": "A", "kind": "boolean"});
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let document: FlagDocument = serde_json::from_value(document).unwrap();
        let (flag, state) = document.into_parts(None, 1);
        let now = DateTime::from_timestamp(1_767_268_800, 0).unwrap();
        describe_targeting(&flag, &state, added_in.map(PhaseNumber), now).join(" ")
    }

    #[test]
    fn targeting_is_described_in_sentences() {
        assert_eq!(describe_document(json!({}), None), "off for everyone.");
        assert_eq!(
            describe_document(
                json!({"rules": [{"variant": "on", "share": 5},
                    {"variant": "on", "condition": {"in_segment": "beta_testers"}}]}),
                None
            ),
            "on for 5 % of everyone and all of beta_testers. off for everyone else."
        );
        assert_eq!(
            describe_document(
                json!({"rules": [{"split": [{"variant": "on", "share": 50}, {"variant": "off", "share": 50}],
                    "condition": {"attribute": "plan", "operator": "equals", "value": "pro"}}]}),
                Some(2)
            ),
            "on for 50 % and off for 50 % of users where plan is \"pro\". \
             on for members of the rollout from phase 2 on, off for everyone else."
        );
        let shares = |first: u32, second: u32| {
            describe_document(
                json!({"rules": [{"variant": "on", "share": first}, {"variant": "off", "share": second}]}),
                None,
            )
        };
        assert!(
            shares(50, 50).contains(
                "off for 50 % of everyone (no user: an earlier rule answers all of them)."
            )
        );
        assert!(
            shares(10, 30)
                .contains("off for 30 % of everyone (less the 10 % whom an earlier rule answers).")
        );
        assert_eq!(describe_document(json!({"killed": true}), None), "Killed: off for everyone.");
        assert_eq!(
            describe_document(
                json!({"enabled": false, "schedule": [{"at": "2026-03-01T08:00:00Z", "enabled": true}]}),
                None
            ),
            "Off: off for everyone. Will be switched on at 2026-03-01 08:00 UTC."
        );
        let ramp = json!({"from": 0, "to": 100, "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2026-01-02T00:00:00Z"});
        assert!(
            describe_document(json!({"rules": [{"variant": "on", "ramp": ramp}]}), None)
                .starts_with("on for 50 % of everyone (ramping from 0 % to 100 % between")
        );
        assert!(
            describe_document(json!({"prerequisites": [{"flag": "B", "variants": ["on"]}]}), None)
                .starts_with("Requires B to return on; otherwise off for everyone.")
        );
    }
}
