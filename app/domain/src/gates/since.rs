//! The start of the evidence about a phase: the last change to the served configuration.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Timestamp,
    audit::{AuditEntry, Change, ImportedThing, SubjectKind},
    ids::{FlagKey, PhaseNumber, SegmentKey},
    plan::Plan,
    rollout::Progress,
};

/// The flags and segments that the reached phases serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Served {
    /// The flags that the phases add.
    pub flags: BTreeSet<FlagKey>,
    /// The segments that audiences and rules of these flags use, directly or through others.
    pub segments: BTreeSet<SegmentKey>,
}

/// The start of the evidence, and the change that restarted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceSince {
    /// The time since which the current configuration is served.
    pub at: Timestamp,
    /// The change, such as `audience of phase 2`; `None` if evidence starts with the phase.
    pub changed: Option<String>,
}

/// The fields of a flag that affect evaluation. Name, description, owner and tags do not.
const SERVED_FIELDS: [&str; 10] = [
    "variants",
    "off_variant",
    "default_variant",
    "rollout_variant",
    "enabled",
    "killed",
    "salt",
    "prerequisites",
    "rules",
    "schedule",
];

/// The fields of a phase whose change restarts the evidence.
const SERVED_PHASE_FIELDS: [&str; 3] = ["audience", "flags", "percentage"];

/// Finds the last change to the served configuration among audit entries, in any order. Evidence
/// from before it is about another configuration.
#[must_use]
pub fn evidence_since<'a>(
    entries: impl Iterator<Item = &'a AuditEntry>,
    plan: &Plan,
    served: &Served,
    progress: &Progress,
) -> EvidenceSince {
    let start = EvidenceSince { at: progress.phase_since, changed: None };
    let later = entries.filter(|entry| entry.at > progress.phase_since);
    let changes = later.filter_map(|entry| {
        let changed = describe_served_change(&entry.change, plan, served, progress.phase)?;
        Some(EvidenceSince { at: entry.at, changed: Some(changed) })
    });
    changes.fold(start, |last, next| if next.at > last.at { next } else { last })
}

fn describe_served_change(
    change: &Change,
    plan: &Plan,
    served: &Served,
    phase: PhaseNumber,
) -> Option<String> {
    match change {
        Change::FlagSwitched { flag, .. } if served.flags.contains(flag) => {
            Some(format!("the switch of {flag}"))
        }
        Change::Saved {
            kind: SubjectKind::Flag,
            key,
            before: Some(before),
            after: Some(after),
        } if served.flags.contains(key.as_str()) => {
            let field =
                SERVED_FIELDS.iter().find(|field| before.get(**field) != after.get(**field));
            field.map(|field| format!("{field} of {key}"))
        }
        Change::Saved {
            kind: SubjectKind::Segment,
            key,
            before: Some(before),
            after: Some(after),
        } if served.segments.contains(key.as_str()) => (before.get("condition")
            != after.get("condition"))
        .then(|| format!("the condition of the segment {key}")),
        Change::Imported { things, .. } => {
            let changes = |thing: &ImportedThing, fields: &[&str]| {
                let is_one = |field: &String| fields.contains(&field.as_str());
                thing.fields.is_empty() || thing.fields.iter().any(is_one)
            };
            let is_served = |thing: &&ImportedThing| match thing.kind {
                SubjectKind::Flag => {
                    served.flags.contains(thing.key.as_str()) && changes(thing, &SERVED_FIELDS)
                }
                SubjectKind::Segment => {
                    served.segments.contains(thing.key.as_str()) && changes(thing, &["condition"])
                }
                _ => false,
            };
            let thing = things.iter().find(is_served)?;
            Some(format!("{} {}, by a file,", thing.kind.display_name(), thing.key))
        }
        Change::Saved {
            kind: SubjectKind::Rollout,
            key,
            before: Some(before),
            after: Some(after),
        } if key == plan.key.as_str() => describe_phase_change(before, after, phase),
        _ => None,
    }
}

fn describe_phase_change(before: &Value, after: &Value, reached: PhaseNumber) -> Option<String> {
    let phase = |plan: &Value, number: u16| {
        let phases = plan.get("phases").and_then(Value::as_array)?;
        phases.iter().find(|phase| phase.get("number") == Some(&Value::from(number))).cloned()
    };
    (1..=reached.0).find_map(|number| {
        let (before, after) = (phase(before, number), phase(after, number));
        let of = |phase: &Option<Value>, field: &str| phase.as_ref()?.get(field).cloned();
        let is_changed = |field: &&&str| of(&before, field) != of(&after, field);
        let field = SERVED_PHASE_FIELDS.iter().find(is_changed)?;
        Some(format!("{field} of phase {number}"))
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::{audit::ImportKind, ids::ActorName, plan::plan_file, targeting::Throttle};

    fn at_second(second: i64) -> Timestamp {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn saved_entry(
        kind: SubjectKind,
        key: &str,
        before: Value,
        after: Value,
        second: i64,
    ) -> AuditEntry {
        let (before, after) = (Some(before), Some(after));
        let change = Change::Saved { kind, key: key.to_owned(), before, after };
        AuditEntry { at: at_second(second), actor: ActorName("ada".into()), change }
    }

    #[test]
    fn evidence_restarts_when_a_served_field_changes() {
        let plan = plan_file().plan;
        let served = Served {
            flags: [FlagKey::new("A").unwrap()].into(),
            segments: [SegmentKey::new("beta").unwrap()].into(),
        };
        let progress =
            Progress { phase: PhaseNumber(2), phase_since: at_second(0), throttle: Throttle::NONE };
        let since = |entries: &[AuditEntry]| {
            let found = evidence_since(entries.iter(), &plan, &served, &progress);
            (found.at, found.changed)
        };
        let rules = |second| {
            saved_entry(SubjectKind::Flag, "A", json!({"rules": []}), json!({"rules": [1]}), second)
        };
        let flag = SubjectKind::Flag;
        assert_eq!(since(&[]), (at_second(0), None));
        assert_eq!(since(&[rules(-5)]), (at_second(0), None), "before the phase");
        assert_eq!(since(&[rules(9), rules(5)]), (at_second(9), Some("rules of A".into())));
        let text =
            saved_entry(flag, "A", json!({"description": "x"}), json!({"description": "y"}), 7);
        assert_eq!(since(&[text]), (at_second(0), None), "a description restarts nothing");
        let imported = |key: &str, fields: &[&str]| {
            let thing = ImportedThing {
                kind: flag,
                key: key.into(),
                what: ImportKind::Change,
                fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            };
            let change = Change::Imported { environment: "e".into(), things: vec![thing] };
            let entry = AuditEntry { at: at_second(6), actor: ActorName("ada".into()), change };
            since(&[entry]).0
        };
        assert_eq!(imported("A", &["description", "rules"]), at_second(6));
        assert_eq!(
            imported("A", &["description", "tags"]),
            at_second(0),
            "nothing of what is served"
        );
        assert_eq!(imported("A", &[]), at_second(6), "of an older version, which did not say");
        assert_eq!(imported("B", &["rules"]), at_second(0));
        let other = saved_entry(flag, "B", json!({"rules": []}), json!({"rules": [1]}), 7);
        assert_eq!(since(&[other]), (at_second(0), None));
        let condition = saved_entry(
            SubjectKind::Segment,
            "beta",
            json!({"condition": 1}),
            json!({"condition": 2}),
            8,
        );
        assert_eq!(since(&[condition]).0, at_second(8));
        let plan_of = |share: u32, name: &str, later: u32| {
            json!({"phases": [{"number": 1, "name": name, "audience": []},
                              {"number": 2, "audience": [{"share": share}]},
                              {"number": 3, "audience": [{"share": later}]}]})
        };
        let key = plan.key.as_str();
        let revised = |after| {
            since(&[saved_entry(SubjectKind::Rollout, key, plan_of(5, "One", 20), after, 8)])
        };
        assert_eq!(
            revised(plan_of(9, "One", 20)),
            (at_second(8), Some("audience of phase 2".into()))
        );
        assert_eq!(
            revised(plan_of(5, "Uno", 50)),
            (at_second(0), None),
            "names, and phases to come"
        );
    }
}
