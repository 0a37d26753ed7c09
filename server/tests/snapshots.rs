//! Snapshots of texts that users and programs read: help and errors of the command line, the
//! OpenAPI document, messages about plans, and targeting in sentences. `INSTA_UPDATE=always`
//! updates them; the difference is then reviewed in the commit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use std::{path::Path, process::Command};

use phasegate_domain::{
    Timestamp,
    flags::{FlagDocument, describe_targeting},
    ids::PhaseNumber,
};
use serde_json::{Value, json};

/// Returns the output of a command on both streams, with its exit status.
fn command_output(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
    let output = command.args(arguments).env_clear().current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "$ phasegate {}\n{}{}status {}\n",
        arguments.join(" "),
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    )
}

#[test]
fn the_command_line_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 14] = [
        &["--help"],
        &["serve", "--help"],
        &["user", "--help"],
        &["flag", "--help"],
        &["flag", "set", "--help"],
        &["rollout", "--help"],
        &["plan", "--help"],
        &["plan", "import", "--help"],
        &["token", "--help"],
        &["token", "create", "--help"],
        &["account", "--help"],
        &["export", "--help"],
        &["import", "--help"],
        &["simulate", "--help"],
    ];
    let all: Vec<String> =
        commands.iter().map(|arguments| command_output(folder.path(), arguments)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_command_line_names_the_mistake_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 6] = [
        &["flag", "list"],
        &["flag", "get", "MOON", "--json"],
        &["plan", "validate", "missing.toml"],
        &["token", "create", "--name", "x"],
        &["token", "create", "--name", "x", "--json"],
        &["launch"],
    ];
    let all: Vec<String> =
        commands.iter().map(|arguments| command_output(folder.path(), arguments)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_openapi_document_describes_every_route() {
    let document = serde_json::to_value(phasegate_server::openapi()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn a_wrong_plan_is_refused_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let good = include_str!("../../app/service/plans/exercise-library.toml");
    let changes: [(&str, &str); 7] = [
        ("format = 1", "format = 9"),
        ("quorum = ", "quorum = 9"),
        ("revision = \"v2.0\"", "revision = \"one\""),
        ("number = 2", "number = 3"),
        ("percentage = ", "percentge = "),
        ("comparator = \"<\"", "comparator = \"~\""),
        ("segment = \"internal\"", "segment = \"moon\""),
    ];
    let mut all = Vec::new();
    for (from, to) in changes {
        assert!(good.contains(from), "{from}");
        std::fs::write(folder.path().join("plan.toml"), good.replacen(from, to, 1)).unwrap();
        let text = command_output(folder.path(), &["plan", "validate", "plan.toml"]);
        all.push(format!("{from} becomes {to}\n{text}"));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn targeting_is_described_in_sentences() {
    let ramp = json!({"from": 0, "to": 100, "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2026-01-02T00:00:00Z"});
    let pro = json!({"attribute": "plan", "operator": "equals", "value": "pro"});
    let cases: [(Value, Option<u16>); 10] = [
        (json!({}), None),
        (json!({}), Some(2)),
        (json!({"rules": [{"variant": "on", "share": 5}]}), None),
        (json!({"rules": [{"variant": "on", "condition": {"in_segment": "beta_testers"}}]}), None),
        (json!({"rules": [{"variant": "on", "condition": {"any": [pro, {"not": pro}]}}]}), Some(1)),
        (
            json!({"rules": [{"split": [{"variant": "on", "share": 50}, {"variant": "off", "share": 50}],
            "condition": pro}]}),
            None,
        ),
        (json!({"rules": [{"variant": "on", "ramp": ramp}]}), None),
        (json!({"killed": true}), Some(1)),
        (
            json!({"enabled": false,
            "schedule": [{"at": "2026-03-01T08:00:00Z", "enabled": true}]}),
            None,
        ),
        (json!({"prerequisites": [{"flag": "B", "variants": ["on"]}]}), None),
    ];
    let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    let sentences = cases.into_iter().map(|(fields, added_in)| {
        let mut document = json!({"key": "A", "kind": "boolean"});
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let document: FlagDocument = serde_json::from_value(document).unwrap();
        let (flag, state) = document.into_parts(None, 1);
        let text = describe_targeting(&flag, &state, added_in.map(PhaseNumber), now).join(" ");
        format!("{fields} in phase {added_in:?}\n{text}\n")
    });
    insta::assert_snapshot!(sentences.collect::<Vec<_>>().join("\n"));
}
