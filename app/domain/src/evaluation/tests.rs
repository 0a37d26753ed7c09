//! Tests of the order of evaluation, on chosen flags and on random ones.

use std::sync::Arc;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Timestamp,
    config::{Parts, Snapshot},
    flags::*,
    ids::VariantName,
    targeting::{EvaluationContext, Operator, Segment},
};

fn now() -> Timestamp {
    DateTime::from_timestamp(1_767_268_800, 0).unwrap()
}

fn flag_document(mut fields: Value) -> FlagDocument {
    let object = fields.as_object_mut().unwrap();
    object.entry("key").or_insert(json!("A"));
    object.entry("kind").or_insert(json!("boolean"));
    serde_json::from_value(fields).unwrap()
}

fn snapshot_parts(documents: Vec<FlagDocument>) -> Parts {
    let beta: Segment = serde_json::from_value(json!({"key": "beta", "name": "Beta",
        "condition": {"attribute": "groups", "operator": "contains", "value": "beta"}}))
    .unwrap();
    Parts {
        flags: documents
            .into_iter()
            .map(|document| wrap_in_arcs(document.into_parts(None, 1)))
            .collect(),
        segments: vec![Arc::new(beta)],
        ..Parts::default()
    }
}

fn wrap_in_arcs((flag, state): (Flag, FlagState)) -> (Arc<Flag>, Arc<FlagState>) {
    (Arc::new(flag), Arc::new(state))
}

fn evaluate_flag_a(
    snapshot: &Snapshot,
    context: &EvaluationContext,
) -> Result<(String, Reason), EvaluationError> {
    let answer = evaluate_flag(snapshot, snapshot.flag("A").unwrap(), context, now())?;
    Ok((answer.variant.name.to_string(), answer.reason))
}

fn evaluate_document(fields: Value, context: &EvaluationContext) -> (String, Reason) {
    evaluate_flag_a(&Snapshot::new(snapshot_parts(vec![flag_document(fields)])), context).unwrap()
}

fn ada_in_beta() -> EvaluationContext {
    EvaluationContext::of_user("ada").with_attribute("groups", vec!["beta"])
}

fn answer_on(reason: Reason) -> (String, Reason) {
    ("on".to_owned(), reason)
}

fn answer_off(reason: Reason) -> (String, Reason) {
    ("off".to_owned(), reason)
}

#[test]
fn an_answer_allocates_nothing() {
    let rules = json!([
        {"condition": {"attribute": "plan", "operator": "equals", "value": "team"}, "variant": "on"},
        {"condition": {"in_segment": "beta"}, "variant": "on", "share": 50},
    ]);
    let snapshot = Snapshot::new(snapshot_parts(vec![flag_document(json!({ "rules": rules }))]));
    let entry = snapshot.flag("A").unwrap();
    let (ada, now) = (ada_in_beta().with_attribute("plan", "pro"), now());
    let ask = || assert!(evaluate_flag(&snapshot, entry, &ada, now).is_ok());
    let allocated = allocation_counter::measure(ask);
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn rules_answer_in_order() {
    let beta = json!({"condition": {"in_segment": "beta"}, "variant": "on"});
    let all = json!({"variant": "on", "share": 100});
    let none = json!({"variant": "on", "share": 0});
    assert_eq!(
        evaluate_document(json!({"rules": [beta]}), &ada_in_beta()),
        answer_on(Reason::TargetingMatch)
    );
    let bob = EvaluationContext::of_user("bob");
    assert_eq!(evaluate_document(json!({"rules": [beta]}), &bob), answer_off(Reason::Default));
    assert_eq!(
        evaluate_document(json!({"rules": [none, beta]}), &ada_in_beta()),
        answer_on(Reason::TargetingMatch)
    );
    assert_eq!(
        evaluate_document(json!({"rules": [none]}), &ada_in_beta()),
        answer_off(Reason::Default)
    );
    let anonymous = EvaluationContext::default();
    assert_eq!(
        evaluate_document(json!({"rules": [all]}), &anonymous),
        answer_on(Reason::TargetingMatch),
        "all need no bucket"
    );
    let split = json!([{"variant": "on", "share": 50}, {"variant": "off", "share": 50}]);
    let (_, reason) = evaluate_document(json!({"rules": [{"split": split}]}), &ada_in_beta());
    assert_eq!(reason, Reason::Split);
}

#[test]
fn a_flag_without_targeting_is_static() {
    assert_eq!(evaluate_document(json!({}), &ada_in_beta()), answer_off(Reason::Static));
    assert_eq!(
        evaluate_document(json!({"default_variant": "on"}), &ada_in_beta()),
        answer_on(Reason::Static)
    );
    let anonymous = json!([{"variant": "on", "condition": {"any": []}}]);
    assert_eq!(
        evaluate_document(json!({"rules": anonymous}), &ada_in_beta()),
        answer_off(Reason::Default)
    );
}

#[test]
fn an_earlier_step_takes_precedence() {
    let whole = json!([{"variant": "on"}]);
    assert_eq!(
        evaluate_document(json!({"rules": whole, "enabled": false}), &ada_in_beta()),
        answer_off(Reason::Disabled)
    );
    assert_eq!(
        evaluate_document(json!({"rules": whole, "killed": true}), &ada_in_beta()),
        answer_off(Reason::Disabled)
    );
    let personal = IndividualOverride {
        flag: crate::ids::FlagKey::new("A").unwrap(),
        targeting_key: "ada".into(),
        variant: VariantName::new("on").unwrap(),
        expires_at: Some(now() + chrono::TimeDelta::hours(1)),
        note: String::new(),
    };
    let with = |fields, personal: IndividualOverride| {
        Snapshot::new(Parts {
            overrides: vec![Arc::new(personal)],
            ..snapshot_parts(vec![flag_document(fields)])
        })
    };
    let disabled = with(json!({"enabled": false}), personal.clone());
    assert_eq!(
        evaluate_flag_a(&disabled, &ada_in_beta()),
        Ok(answer_on(Reason::TargetingMatch)),
        "an override beats off"
    );
    assert_eq!(
        evaluate_flag_a(&disabled, &EvaluationContext::of_user("bob")),
        Ok(answer_off(Reason::Disabled))
    );
    let killed = with(json!({"killed": true}), personal.clone());
    assert_eq!(
        evaluate_flag_a(&killed, &ada_in_beta()),
        Ok(answer_off(Reason::Disabled)),
        "the kill switch beats it"
    );
    let expired = IndividualOverride { expires_at: Some(now()), ..personal };
    assert_eq!(
        evaluate_flag_a(&with(json!({}), expired), &ada_in_beta()),
        Ok(answer_off(Reason::Default))
    );
    let flag = flag_document(json!({"killed": true}));
    let environment_override =
        EnvironmentOverride::new(&flag.clone().into_parts(None, 1).0, "PHASEGATE_FF_A", "true")
            .unwrap();
    let environment_overrides = [(flag.key.clone(), environment_override)].into();
    let pinned = Snapshot::new(Parts { environment_overrides, ..snapshot_parts(vec![flag]) });
    assert_eq!(
        evaluate_flag_a(&pinned, &ada_in_beta()),
        Ok(answer_on(Reason::Static)),
        "a variable beats everything"
    );
}

#[test]
fn an_unmet_prerequisite_answers_the_off_variant() {
    let needs = |variants: Value| {
        flag_document(json!({"rules": [{"variant": "on"}],
        "prerequisites": [{"flag": "B", "variants": variants}]}))
    };
    let b = flag_document(
        json!({"key": "B", "rules": [{"condition": {"in_segment": "beta"}, "variant": "on"}]}),
    );
    let snapshot = Snapshot::new(snapshot_parts(vec![needs(json!(["on"])), b]));
    assert_eq!(evaluate_flag_a(&snapshot, &ada_in_beta()), Ok(answer_on(Reason::TargetingMatch)));
    let bob = EvaluationContext::of_user("bob");
    assert_eq!(evaluate_flag_a(&snapshot, &bob), Ok(answer_off(Reason::Disabled)));
    let answer = Answer::answer_flag(&snapshot, snapshot.flag("A").unwrap(), &bob, now()).unwrap();
    assert_eq!(answer.metadata.prerequisite, Some("B"));
    let alone = Snapshot::new(snapshot_parts(vec![needs(json!(["on"]))]));
    assert_eq!(
        evaluate_flag_a(&alone, &ada_in_beta()),
        Ok(answer_off(Reason::Disabled)),
        "what is gone satisfies nothing"
    );
    for stopped in [json!({"key": "B", "enabled": false}), json!({"key": "B", "killed": true})] {
        let any = needs(json!(["on", "off"]));
        let snapshot = Snapshot::new(snapshot_parts(vec![any, flag_document(stopped)]));
        assert_eq!(
            evaluate_flag_a(&snapshot, &ada_in_beta()),
            Ok(answer_off(Reason::Disabled)),
            "a stopped parent meets nothing"
        );
    }
    let circular =
        flag_document(json!({"key": "B", "prerequisites": [{"flag": "A", "variants": ["on"]}]}));
    let broken = Snapshot::new(snapshot_parts(vec![needs(json!(["on"])), circular]));
    assert!(matches!(evaluate_flag_a(&broken, &ada_in_beta()), Err(EvaluationError::Broken(_))));
    let (explained, steps) =
        explain_flag(&broken, broken.flag("A").unwrap(), &ada_in_beta(), now());
    assert!(explained.is_err() && steps.len() < 9, "explaining ends, too");
    let (_, steps) = explain_flag(&snapshot, snapshot.flag("A").unwrap(), &bob, now());
    let nested = steps.iter().find_map(|step| match step {
        TraceStep::Prerequisite { steps, .. } => Some(steps.clone()),
        _ => None,
    });
    assert!(
        nested.unwrap().iter().any(|step| matches!(step, TraceStep::Rule(_))),
        "the whole chain"
    );
}

#[test]
fn a_split_without_a_targeting_key_explains_its_error() {
    let snapshot = Snapshot::new(snapshot_parts(vec![flag_document(
        json!({"rules": [{"variant": "on", "share": 5}]}),
    )]));
    let anonymous = EvaluationContext::default();
    assert_eq!(evaluate_flag_a(&snapshot, &anonymous), Err(EvaluationError::TargetingKeyMissing));
    let (_, steps) = explain_flag(&snapshot, snapshot.flag("A").unwrap(), &anonymous, now());
    let said: Vec<String> = steps.iter().map(TraceStep::to_string).collect();
    assert_eq!(said[2], "Rule 1 goes by the user's bucket, and there is no targetingKey.");
    assert!(said[3].starts_with(
        "No answer: a rule of this flag, or of one that it needs, goes by the user's bucket"
    ));
}

#[test]
fn values_keep_their_type() {
    let number = flag_document(json!({"kind": "float", "off_variant": "one",
        "variants": [{"name": "one", "value": 1}]}));
    let snapshot = Snapshot::new(snapshot_parts(vec![number]));
    let answer =
        Answer::answer_flag(&snapshot, snapshot.flag("A").unwrap(), &ada_in_beta(), now()).unwrap();
    assert!(serde_json::to_string(&answer).unwrap().contains("\"value\":1.0,"));
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["beta", "2025-12-24", "10.0.0.1", "1.2.3"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_context() -> impl Strategy<Value = EvaluationContext> {
    let attributes = prop::collection::btree_map("a|b|groups", any_json(), 0..3);
    (prop::option::of("[a-z]{0,6}"), attributes).prop_map(|(key, attributes)| {
        let context = key.map_or_else(EvaluationContext::default, EvaluationContext::of_user);
        attributes
            .into_iter()
            .fold(context, |context, (name, value)| context.with_attribute(&name, value))
    })
}

fn any_test() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(Operator::ALL.to_vec());
    let good = |operator: Operator| match operator {
        Operator::Equals | Operator::Contains => json!("beta"),
        Operator::In => json!(["beta", 3]),
        Operator::StartsWith | Operator::EndsWith | Operator::Matches => json!("b"),
        Operator::Exists => Value::Null,
        Operator::Before | Operator::After => json!("2025-06-01"),
        Operator::InCidr => json!("10.0.0.0/8"),
        operator if operator.as_str().starts_with("semver") => json!("1.2.0"),
        _ => json!(10),
    };
    ("a|b|groups|targetingKey", operator).prop_map(move |(attribute, operator)| {
        json!({"attribute": attribute, "operator": operator, "value": good(operator)})
    })
}

fn any_condition() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => any_test(), 1 => Just(json!({"in_segment": "beta"}))];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "all": parts })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn any_rule() -> impl Strategy<Value = Value> {
    let serve = prop_oneof![
        Just(json!({"variant": "on"})),
        (0..=100_u32).prop_map(|share| json!({"variant": "on", "share": share})),
        (0..=100_u32).prop_map(|share| json!({"split": [
            {"variant": "on", "share": share}, {"variant": "off", "share": 100 - share}]})),
        (0..=100_u32, 0..=100_u32).prop_map(|(from, to)| json!({"variant": "on", "ramp": {
            "from": from, "to": to,
            "starts_at": "2025-12-25T00:00:00Z", "ends_at": "2026-01-11T00:00:00Z"}})),
    ];
    (any_condition(), serve).prop_map(|(condition, mut rule)| {
        rule.as_object_mut().unwrap().insert("condition".into(), condition);
        rule
    })
}

/// Two flags with rules, the first of which may have the second as prerequisite.
fn any_flags() -> impl Strategy<Value = Vec<FlagDocument>> {
    let flag = |key: &'static str| {
        (
            prop::collection::vec(any_rule(), 0..4),
            prop::bool::weighted(0.9),
            prop::bool::weighted(0.1),
        )
            .prop_map(move |(rules, enabled, killed)| {
                flag_document(
                    json!({"key": key, "rules": rules, "enabled": enabled, "killed": killed}),
                )
            })
    };
    (flag("A"), flag("B"), any::<bool>()).prop_map(|(mut a, b, needs)| {
        if needs {
            let variants = vec![VariantName::new("on").unwrap()];
            a.prerequisites = vec![Prerequisite { flag: b.key.clone(), variants }];
        }
        vec![a, b]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn explaining_agrees_with_evaluating(flags in any_flags(), context in any_context()) {
        let snapshot = Snapshot::new(snapshot_parts(flags));
        for entry in snapshot.flags() {
            let answer = evaluate_flag(&snapshot, entry, &context, now());
            let (explained, steps) = explain_flag(&snapshot, entry, &context, now());
            prop_assert_eq!(&answer, &explained);
            let last = match &answer {
                Ok(a) => TraceStep::Answer { variant: a.variant.name.clone(), reason: a.reason },
                Err(error) => TraceStep::NoAnswer { error: error.to_string() },
            };
            prop_assert_eq!(steps.last(), Some(&last));
            // At most one step is marked as deciding, and it directly precedes the answer.
            let deciding: Vec<usize> = steps.iter().enumerate()
                .filter(|(_, step)| step.has_decided()).map(|(index, _)| index).collect();
            prop_assert!(deciding.is_empty() || deciding == [steps.len() - 2], "{steps:?}");
            for step in &steps {
                prop_assert!(!step.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_document_round_trips_through_json(flags in any_flags()) {
        for flag in flags {
            let json = serde_json::to_value(&flag).unwrap();
            prop_assert_eq!(serde_json::from_value::<FlagDocument>(json).unwrap(), flag);
        }
    }

    #[test]
    fn raising_a_rules_share_removes_no_user(user in "[a-z0-9]{1,10}", low in 0..=100_u32, more in 0..=100_u32) {
        let answer = |share: u32| {
            let fields = json!({"rules": [{"variant": "on", "share": share.min(100)}]});
            evaluate_document(fields, &EvaluationContext::of_user(user.clone())).0
        };
        if answer(low) == "on" {
            prop_assert_eq!(answer(low + more), "on");
        }
    }
}
