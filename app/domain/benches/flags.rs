//! How long one evaluation takes, and that a boolean answer allocates nothing.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark is a test of its own kind"
)]

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use chrono::DateTime;
use divan::{AllocProfiler, Bencher, black_box};
use phasegate_domain::{
    Timestamp,
    accounts::Role,
    config::{Parts, Snapshot},
    evaluation::evaluate_flag,
    flags::FlagDocument,
    ids::{ActorName, RolloutKey},
    plan::PlanFile,
    rollout::{CommandKind, GateResult, Rollout, RolloutCommand, RolloutState, apply_command},
    targeting::{EvaluationContext, Salt},
};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn shared<A, B>((a, b): (A, B)) -> (Arc<A>, Arc<B>) {
    (Arc::new(a), Arc::new(b))
}

fn now() -> Timestamp {
    DateTime::from_timestamp(1_767_268_800, 0).unwrap()
}

/// A user who is in no segment, so that all of them are asked.
fn user() -> EvaluationContext {
    EvaluationContext::of_user("5b1c4b0e-6d0a-4b0a-9d0e-0f2f0c1d2e3f")
        .with_attribute("groups", vec!["customers", "early"])
        .with_attribute("plan", "pro")
        .with_attribute("app_version", "2.14.3")
        .with_attribute("country", "DE")
        .with_attribute("signed_up_at", "2025-03-04T05:06:07Z")
        .with_attribute("workouts_last_30_days", 4)
}

/// A running rollout with a segment and a share, and a flag that also has a rule of its own.
fn snapshot(rules: Value) -> Snapshot {
    let file: PlanFile = serde_json::from_value(json!({
        "format": 1, "key": "plan", "name": "Plan", "revision": "v1.0",
        "segments": [{"key": "beta", "name": "Beta", "condition":
            {"attribute": "groups", "operator": "contains", "value": "beta"}}],
        "phases": [{"number": 1, "name": "One", "percentage": 50, "flags": ["FLAG"], "audience": [
            {"segment": "beta", "share": 100}, {"segment": "everyone", "share": 50}]}],
    }))
    .unwrap();
    let (draft, start) = (RolloutState::default(), RolloutCommand::new(CommandKind::Start, ""));
    let started = apply_command(
        &file.plan,
        &draft,
        &start,
        &GateResult::always_passing(),
        Role::Admin,
        now(),
    );
    let rollout = Rollout {
        key: RolloutKey::new("plan").unwrap(),
        plan: file.plan,
        salt: Salt::new("pepper"),
        state: draft.apply_event(&started.unwrap(), &ActorName("ada".into()), now()),
        version: 1,
    };
    let document: FlagDocument =
        serde_json::from_value(json!({"key": "FLAG", "kind": "boolean", "rules": rules})).unwrap();
    Snapshot::new(Parts {
        flags: vec![shared(document.into_parts(None, 1))],
        segments: file.segments.into_iter().map(Arc::new).collect(),
        rollout: Some(rollout),
        ..Parts::default()
    })
}

fn ask(bencher: Bencher<'_, '_>, rules: Value) {
    let (snapshot, user, now) = (snapshot(rules), user(), now());
    let entry = snapshot.flag("FLAG").unwrap();
    bencher.bench(|| {
        let answer = evaluate_flag(black_box(&snapshot), entry, black_box(&user), now);
        answer.map(|answer| answer.value().as_bool())
    });
}

/// The reference: the least that any evaluator does, by the standard library alone. It finds the
/// flag by its key and hashes salt and user.
#[divan::bench]
fn reference_lookup_and_hash(bencher: Bencher<'_, '_>) {
    let flags: HashMap<String, bool> = (0..10).map(|n| (format!("FLAG{n}"), n > 4)).collect();
    let user = "5b1c4b0e-6d0a-4b0a-9d0e-0f2f0c1d2e3f";
    bencher.bench(|| {
        let mut hash = DefaultHasher::new();
        "pepper/".hash(&mut hash);
        black_box(user).hash(&mut hash);
        (flags.get(black_box("FLAG7")), hash.finish() % 100_000 < 50_000)
    });
}

/// The budget's case: a rule with a condition, then a rollout with a segment and a share.
#[divan::bench]
fn segment_rule_and_rollout(bencher: Bencher<'_, '_>) {
    let pro = json!({"attribute": "plan", "operator": "equals", "value": "team"});
    ask(bencher, json!([{"condition": pro, "variant": "on"}]));
}

#[divan::bench]
fn rollout_alone(bencher: Bencher<'_, '_>) {
    ask(bencher, json!([]));
}

/// A rule that goes by the flag's own bucket.
#[divan::bench]
fn share(bencher: Bencher<'_, '_>) {
    ask(bencher, json!([{"variant": "on", "share": 50}]));
}

/// Ten rules, of which the last one answers.
#[divan::bench]
fn ten_rules(bencher: Bencher<'_, '_>) {
    let rule = |n: u32| {
        let test = json!({"attribute": "country", "operator": "equals", "value": format!("C{n}")});
        json!({"condition": test, "variant": "on"})
    };
    let mut rules: Vec<Value> = (0..9).map(rule).collect();
    rules.push(json!({"variant": "on"}));
    ask(bencher, Value::from(rules));
}

/// Operators that have to read what the user has: a date, a version, a regular expression.
#[divan::bench]
fn costly_operators(bencher: Bencher<'_, '_>) {
    let tests = json!({"all": [
        {"attribute": "signed_up_at", "operator": "older_than_days", "value": 30},
        {"attribute": "app_version", "operator": "semver_at_least", "value": "2.10.0"},
        {"attribute": "targetingKey", "operator": "matches", "value": "^[0-9a-f-]{36}$"},
    ]});
    ask(bencher, json!([{"condition": tests, "variant": "on"}]));
}
