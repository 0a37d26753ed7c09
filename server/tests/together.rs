//! What must hold between flags, segments and environments, over a real listener.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use common::{TestApp, json};
use phasegate_domain::{ids::EnvironmentKey, people::Role};
use phasegate_service::environments;
use phasegate_store::models::HistoryQuery;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_segment_may_not_grow_beyond_what_its_rules_can_bear_and_killing_always_works() {
    let app = TestApp::start().await;
    let tests =
        |count: usize| json!({"any": vec![json!({"attribute": "a", "operator": "exists"}); count]});
    let segment =
        |key: &str, condition: Value| json!({"key": key, "name": key, "condition": condition});
    let small = app.api(Method::POST, "/segments").json(&segment("leaf", tests(1)));
    assert_eq!(json(small).await.0, 201);
    let uses = json!({"any": vec![json!({"in_segment": "leaf"}); 1]});
    let above = app.api(Method::POST, "/segments").json(&segment("above", uses));
    assert_eq!(json(above).await.0, 201);
    let inner = json!({"any": [{"in_segment": "above"}, tests(150)]});
    let rule = json!({"condition": inner, "variant": "on"});
    let flag = json!({"key": "F", "kind": "boolean", "rules": [rule]});
    assert_eq!(json(app.api(Method::POST, "/flags").json(&flag)).await.0, 201);
    let big = json!({"any": (0..10).map(|_| tests(195)).collect::<Vec<_>>()});
    let grown = app.overwrite(Method::PUT, "/segments/leaf").json(&segment("leaf", big));
    let (status, body) = json(grown).await;
    assert_eq!(status, 422, "{body}");
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("tests; at most 2000 are allowed"), "{detail}");
}

#[tokio::test]
async fn a_kill_is_not_ended_by_leaving_a_field_out() {
    let app = TestApp::start().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    assert_eq!(json(app.api(Method::POST, "/flags").json(&flag)).await.0, 201);
    let put = async |flag: Value| json(app.overwrite(Method::PUT, "/flags/F").json(&flag)).await;
    assert_eq!(put(json!({"key": "F", "kind": "boolean", "killed": true})).await.1["killed"], true);
    let (_, kept) = put(json!({"key": "F", "kind": "boolean", "name": "Renamed"})).await;
    assert_eq!((&kept["killed"], &kept["name"]), (&json!(true), &json!("Renamed")));
    assert_eq!(
        put(json!({"key": "F", "kind": "boolean", "killed": false})).await.1["killed"],
        false
    );
}

#[tokio::test]
async fn two_who_give_the_same_user_an_answer_do_not_overwrite_each_other() {
    let app = TestApp::start().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    assert_eq!(json(app.api(Method::POST, "/flags").json(&flag)).await.0, 201);
    let make = |variant: &str| {
        let personal = json!({"flag": "F", "targeting_key": "ada", "variant": variant});
        json(app.api(Method::POST, "/overrides").json(&personal))
    };
    let (one, other) = tokio::join!(make("on"), make("off"));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn each_environment_has_its_own_story_of_a_shared_flag() {
    let app = TestApp::start().await;
    let production = app.service.first_environment().unwrap();
    let actor = common::actor(Role::Admin);
    let key = EnvironmentKey::new("staging").unwrap();
    environments::create(&app.service, &actor, production, key, "Staging").await.unwrap();
    let staging = app.service.find_environment("default", "staging").unwrap().environment.id;
    let flag = json!({"key": "F", "kind": "boolean", "default_variant": "on"});
    assert_eq!(json(app.api(Method::POST, "/flags").json(&flag)).await.0, 201);
    let there = app.service.find_environment("default", "staging").unwrap();
    assert!(!there.stored_flag("F").unwrap().state.enabled, "nobody has asked for it there");
    let both = json!({"key": "F", "kind": "boolean", "default_variant": "on", "owner": "team",
        "rules": [{"variant": "on", "share": 5}]});
    assert_eq!(json(app.overwrite(Method::PUT, "/flags/F").json(&both)).await.0, 200);
    let query = HistoryQuery { limit: 1, ..Default::default() };
    let lines =
        phasegate_service::history::history(&app.service, &actor, staging, &query).await.unwrap();
    let fields = lines[0].entry.change.fields();
    let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["owner"], "the rule is production's own");
}
