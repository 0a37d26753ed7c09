//! Rules across flags, segments and environments, over a real listener.

use phasegate_store::{EventLog, models::AuditQuery};
use std::sync::Arc;

use crate::common::{self, TestApp, fetch_json};
use phasegate_domain::{
    accounts::Role,
    events::{Batch, Event, EventKind, Visit},
    ids::EnvironmentKey,
};
use phasegate_service::{environments, ingest};
use phasegate_store_sqlite::SqliteTelemetry;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_segment_that_makes_a_rule_too_large_is_refused() {
    let app = TestApp::start_app().await;
    let tests =
        |count: usize| json!({"any": vec![json!({"attribute": "a", "operator": "exists"}); count]});
    let segment =
        |key: &str, condition: Value| json!({"key": key, "name": key, "condition": condition});
    let small = app.api_request(Method::POST, "/segments").json(&segment("leaf", tests(1)));
    assert_eq!(fetch_json(small).await.0, 201);
    let uses = json!({"any": vec![json!({"in_segment": "leaf"}); 1]});
    let above = app.api_request(Method::POST, "/segments").json(&segment("above", uses));
    assert_eq!(fetch_json(above).await.0, 201);
    let inner = json!({"any": [{"in_segment": "above"}, tests(150)]});
    let rule = json!({"condition": inner, "variant": "on"});
    let flag = json!({"key": "F", "kind": "boolean", "rules": [rule]});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let big = json!({"any": (0..10).map(|_| tests(195)).collect::<Vec<_>>()});
    let grown = app.overwrite_request(Method::PUT, "/segments/leaf").json(&segment("leaf", big));
    let (status, body) = fetch_json(grown).await;
    assert_eq!(status, 422, "{body}");
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("tests; at most 2000 are allowed"), "{detail}");
}

#[tokio::test]
async fn saving_a_flag_does_not_change_its_kill_switch() {
    let app = TestApp::start_app().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let put = async |flag: Value| {
        fetch_json(app.overwrite_request(Method::PUT, "/flags/F").json(&flag)).await
    };
    let act = async |act: &str| {
        fetch_json(app.api_request(Method::POST, &format!("/flags/F/{act}"))).await
    };
    assert_eq!(act("kill").await.1["killed"], true);
    let (_, kept) = put(json!({"key": "F", "kind": "boolean", "name": "Renamed"})).await;
    assert_eq!((&kept["killed"], &kept["name"]), (&json!(true), &json!("Renamed")));
    let (status, problem) = put(json!({"key": "F", "kind": "boolean", "killed": false})).await;
    assert_eq!(status, 422, "no document revives a flag");
    assert!(problem["detail"].as_str().unwrap().contains("use the action revive"), "{problem}");
    assert_eq!(act("revive").await.1["killed"], false);
    let (status, _) = put(json!({"key": "F", "kind": "boolean", "killed": true})).await;
    assert_eq!(status, 422, "nor kills it");
    assert_eq!(act("off").await.1["enabled"], false);
    assert_eq!(act("on").await.1["enabled"], true);
    assert_eq!(act("toggle").await.0, 400);
}

#[tokio::test]
async fn changes_require_if_match() {
    let app = TestApp::start_app().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    let made = app.api_request(Method::POST, "/flags").json(&flag).send().await.unwrap();
    let stale = made.headers()["etag"].to_str().unwrap().to_owned();
    let personal = json!({"flag": "F", "targeting_key": "ada", "variant": "on"});
    assert_eq!(
        fetch_json(app.api_request(Method::POST, "/overrides").json(&personal)).await.0,
        201
    );
    let token = json!({"name": "reader", "scopes": ["read"]});
    let (_, made) = fetch_json(app.api_request(Method::POST, "/tokens").json(&token)).await;
    let token_path = format!("/tokens/{}", made["id"]);
    let client = json!({"name": "shop", "allowed_origins": []});
    let (_, made) = fetch_json(app.api_request(Method::POST, "/client-keys").json(&client)).await;
    let client_path = format!("/client-keys/{}", made["key"].as_str().unwrap());
    let mut writes = vec![
        (Method::PUT, token_path.as_str(), token.clone()),
        (Method::PUT, client_path.as_str(), client.clone()),
        (Method::PUT, "/overrides/F/ada", personal.clone()),
    ];
    // The current resource is a valid body.
    for path in [
        "/flags/F",
        "/segments/beta_testers",
        "/collection-settings",
        "/retention-policy",
        "/rollout/plan",
        "/file",
    ] {
        let (status, found) = fetch_json(app.api_request(Method::GET, path)).await;
        assert_eq!(status, 200, "{path}: {found}");
        writes.push((Method::PUT, path, found));
    }
    for path in
        ["/flags/F", "/segments/beta_testers", "/overrides/F/ada", &token_path, &client_path]
    {
        writes.push((Method::DELETE, path, json!(null)));
    }
    for (method, path, body) in writes {
        let (status, problem) = fetch_json(app.api_request(method.clone(), path).json(&body)).await;
        assert_eq!(status, 428, "{method} {path}: {problem}");
    }
    let (status, problem) = fetch_json(app.api_request(Method::PUT, "/flags/F").json(&flag)).await;
    assert_eq!(status, 428, "{problem}");
    assert!(problem["detail"].as_str().unwrap().starts_with("If-Match:"), "{problem}");
    // A document from before a kill does not overwrite it.
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags/F/kill")).await.0, 200);
    let late = app.api_request(Method::PUT, "/flags/F").header("if-match", &stale).json(&flag);
    assert_eq!(fetch_json(late).await.0, 412);
    assert_eq!(fetch_json(app.api_request(Method::GET, "/flags/F")).await.1["killed"], true);
}

#[tokio::test]
async fn unknown_query_parameters_are_refused() {
    let app = TestApp::start_app().await;
    let plan = json!({"toml": include_str!("../../../app/service/plans/canary.toml")});
    let before = fetch_json(app.api_request(Method::GET, "/rollout")).await.1;
    for path in ["/rollout/plan?dryrun=true", "/rollout/plan?dry_run=true&dry_run=false"] {
        let (status, problem) =
            fetch_json(app.overwrite_request(Method::PUT, path).json(&plan)).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with("dry"), "{problem}");
    }
    let dry = app.api_request(Method::PUT, "/rollout/plan?dry_run=true").json(&plan);
    let (status, change) = fetch_json(dry).await;
    assert_eq!(status, 200, "{change}");
    assert!(change["fields"].as_array().is_some_and(|fields| !fields.is_empty()), "{change}");
    assert_eq!(
        fetch_json(app.api_request(Method::GET, "/rollout")).await.1["version"],
        before["version"]
    );
    let (status, problem) = fetch_json(app.api_request(Method::GET, "/flags?archive=true")).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("archived"), "says what there is");
}

#[tokio::test]
async fn an_environment_is_renamed_exported_imported_and_deleted() {
    let app = TestApp::start_app().await;
    let base = "/api/v1/projects/default/environments";
    let call = |method: Method, path: &str| {
        let url = format!("{}{base}{path}", app.url);
        app.client.request(method, url).bearer_auth(common::SERVER_TOKEN)
    };
    for key in ["new", ".", ".."] {
        let (status, problem) =
            fetch_json(call(Method::POST, "").json(&json!({ "key": key }))).await;
        assert_eq!(status, 422, "{problem}");
    }
    assert_eq!(fetch_json(call(Method::POST, "").json(&json!({"key": "staging"}))).await.0, 201);
    let named = json!({"key": "canary", "name": "Canary"});
    assert_eq!(fetch_json(call(Method::PUT, "/staging").json(&named)).await.0, 428);
    let found = call(Method::GET, "/staging").send().await.unwrap();
    let tag = found.headers()["etag"].to_str().unwrap().to_owned();
    let rename = |path: &str, tag: &str| call(Method::PUT, path).header("if-match", tag);
    assert_eq!(fetch_json(rename("/staging", &tag).json(&named)).await.0, 200);
    assert_eq!(
        fetch_json(rename("/canary", &tag).json(&named)).await.0,
        412,
        "it is called otherwise now"
    );
    let (_, kept) = fetch_json(rename("/canary", "*").json(&json!({"key": "canary"}))).await;
    assert_eq!(kept["name"], "Canary", "what is left out stays");
    let taken = json!({"key": "production"});
    assert_eq!(fetch_json(rename("/canary", "*").json(&taken)).await.0, 409);
    assert_eq!(fetch_json(call(Method::GET, "/staging/flags")).await.0, 404);
    let (status, file) = fetch_json(call(Method::GET, "/production/file")).await;
    assert_eq!(status, 200);
    let dry = call(Method::PUT, "/canary/file?dry_run=true").json(&file);
    assert_eq!(fetch_json(dry).await.1["applied"], false);
    let apply = call(Method::PUT, "/canary/file").header("if-match", "*").json(&file);
    assert_eq!(fetch_json(apply).await.0, 200);
    assert_eq!(fetch_json(call(Method::DELETE, "/canary")).await.0, 400, "it is to be confirmed");
    let wrong = call(Method::DELETE, "/canary?confirm=production").send().await.unwrap();
    assert_eq!(wrong.status(), 422);
    let deleted = call(Method::DELETE, "/canary?confirm=canary").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(fetch_json(call(Method::GET, "/canary/flags")).await.0, 404);
    let last = call(Method::DELETE, "/production?confirm=production").send().await.unwrap();
    assert_eq!(last.status(), 409);
    assert_eq!(
        fetch_json(call(Method::POST, "").json(&json!({"key": "canary"}))).await.0,
        201,
        "free"
    );
}

/// Tokens for the whole project outlive the environment in which they were created; tokens for the
/// environment do not.
#[tokio::test]
async fn a_token_of_the_project_outlives_its_environment() {
    let app = TestApp::start_app().await;
    let base = "/api/v1/projects/default/environments";
    let call = |method: Method, path: &str, token: &str| {
        app.client.request(method, format!("{}{base}{path}", app.url)).bearer_auth(token)
    };
    let admin = common::SERVER_TOKEN;
    fetch_json(call(Method::POST, "", admin).json(&json!({"key": "staging"}))).await;
    let token = async |reach: &str| {
        let new = json!({"name": reach, "scopes": ["read"], "reach": reach});
        let (status, made) =
            fetch_json(call(Method::POST, "/staging/tokens", admin).json(&new)).await;
        assert_eq!(status, 201, "{made}");
        made["secret"].as_str().unwrap().to_owned()
    };
    let (wide, narrow) = (token("project").await, token("environment").await);
    let delete = call(Method::DELETE, "/staging?confirm=staging", admin).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!(fetch_json(call(Method::GET, "/production/flags", &wide)).await.0, 200);
    assert_eq!(fetch_json(call(Method::GET, "/production/flags", &narrow)).await.0, 401);
}

/// A change of one environment leaves the others in memory as they are; a change of a shared part is
/// read in all of them.
#[tokio::test]
async fn a_change_is_read_only_where_it_applies() {
    let app = TestApp::start_app().await;
    let url = format!("{}/api/v1/projects/default/environments", app.url);
    let new = json!({"key": "staging"});
    let made = app.client.post(url).bearer_auth(common::SERVER_TOKEN).json(&new).send().await;
    assert_eq!(made.unwrap().status(), 201);
    let staging = || app.service.find_environment("default", "staging").unwrap();
    let before = staging();

    let path = "/flags/EXERCISE_VIDEO_INTEGRATION";
    let off = app.api_request(Method::POST, &format!("{path}/off")).send().await.unwrap();
    assert_eq!(off.status(), 200);
    assert!(Arc::ptr_eq(&before, &staging()), "a switch concerns one environment");

    let segment = json!({"key": "vip", "name": "VIP", "condition": {"all": []}});
    let made = app.api_request(Method::POST, "/segments").json(&segment).send().await.unwrap();
    assert_eq!(made.status(), 201);
    assert!(!Arc::ptr_eq(&before, &staging()), "segments are shared");
}

/// Of two imports of a plan upon the same version, one is refused. A dry run is answered as the
/// import would be.
#[tokio::test]
async fn concurrent_imports_of_a_plan_conflict() {
    let app = TestApp::start_app().await;
    let text = app.get("/api/v1/projects/default/environments/production/rollout/plan");
    let (_, found) = fetch_json(text.bearer_auth(common::SERVER_TOKEN)).await;
    let plan = found["toml"].as_str().unwrap().to_owned();
    let (_, before) = fetch_json(app.api_request(Method::GET, "/rollout")).await;
    let tag = format!("\"{}\"", before["version"]);
    let import = |name: &str, query: &str| {
        let named = plan.replacen("name = \"", &format!("name = \"{name} "), 1);
        let sent = json!({"toml": named, "note": "a trial"});
        app.api_request(Method::PUT, &format!("/rollout/plan{query}"))
            .header("if-match", &tag)
            .json(&sent)
    };
    let (one, other) = tokio::join!(fetch_json(import("One", "")), fetch_json(import("Other", "")));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{one:?} {other:?}");
    let viewer = json!({"name": "reader", "scopes": ["read"]});
    let (_, made) = fetch_json(app.api_request(Method::POST, "/tokens").json(&viewer)).await;
    let url = "/api/v1/projects/default/environments/production/rollout/plan?dry_run=true";
    let dry = app.client.put(format!("{}{url}", app.url)).json(&json!({"toml": plan}));
    let dry = dry.bearer_auth(made["secret"].as_str().unwrap());
    assert_eq!(fetch_json(dry).await.0, 403, "a dry run needs the right to import");
    assert_eq!(
        fetch_json(import("Third", "?dry_run=true")).await.0,
        412,
        "and neither does a late one"
    );
}

/// Batches that arrive after the deletion are deleted by the next maintenance.
#[tokio::test]
async fn a_deleted_environment_leaves_no_telemetry() {
    let app = TestApp::start_app().await;
    let production = app.service.first_environment().unwrap();
    let actor = common::actor_with_role(Role::Admin);
    let key = EnvironmentKey::new("staging").unwrap();
    let staging =
        environments::create_environment(&app.service, &actor, production, key, "Staging")
            .await
            .unwrap();
    let send = async |id: &str, environment| {
        let kind = EventKind::Custom { name: "seen".into() };
        let batch = Batch {
            id: id.into(),
            environment,
            received_at: app.now(),
            visit: Visit::default(),
            events: vec![Event { at: app.now(), page: String::new(), kind }],
            raw: Vec::new(),
        };
        let turn = ingest::reserve_queue_place(&app.service).await.unwrap();
        ingest::ingest_batch(turn, batch).await.unwrap();
    };
    let stored = SqliteTelemetry::open(&app.folder().join("telemetry.db")).await.unwrap();
    let is_there =
        async |environment| stored.read_newest_batch_minute(environment).await.unwrap().is_some();
    send("a", staging).await;
    send("b", staging.simulated_id()).await;
    send("c", production).await;
    assert!(is_there(staging).await && is_there(staging.simulated_id()).await);
    environments::delete_environment(&app.service, &actor, staging, "staging").await.unwrap();
    assert!(!is_there(staging).await && !is_there(staging.simulated_id()).await);
    send("late", staging).await;
    assert!(is_there(staging).await);
    phasegate_service::maintenance::purge_expired(&app.service).await.unwrap();
    assert!(!is_there(staging).await);
    assert!(is_there(production).await, "and nothing else is gone");
}

#[tokio::test]
async fn concurrent_overrides_of_one_user_conflict() {
    let app = TestApp::start_app().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let make = |variant: &str| {
        let personal = json!({"flag": "F", "targeting_key": "ada", "variant": variant});
        fetch_json(app.api_request(Method::POST, "/overrides").json(&personal))
    };
    let (one, other) = tokio::join!(make("on"), make("off"));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn each_environment_audits_its_own_changes_of_a_shared_flag() {
    let app = TestApp::start_app().await;
    let production = app.service.first_environment().unwrap();
    let actor = common::actor_with_role(Role::Admin);
    let key = EnvironmentKey::new("staging").unwrap();
    environments::create_environment(&app.service, &actor, production, key, "Staging")
        .await
        .unwrap();
    let staging = app.service.find_environment("default", "staging").unwrap().environment().id;
    let flag = json!({"key": "F", "kind": "boolean", "default_variant": "on"});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let there = app.service.find_environment("default", "staging").unwrap();
    assert!(!there.stored_flag("F").unwrap().state.enabled, "it was not asked for there");
    let both = json!({"key": "F", "kind": "boolean", "default_variant": "on", "owner": "team",
        "rules": [{"variant": "on", "share": 5}]});
    assert_eq!(fetch_json(app.overwrite_request(Method::PUT, "/flags/F").json(&both)).await.0, 200);
    let query = AuditQuery { limit: 1, ..Default::default() };
    let lines = phasegate_service::audit::read_audit_entries(&app.service, &actor, staging, &query)
        .await
        .unwrap();
    let fields = lines[0].entry.change.field_changes();
    let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["owner"], "the rule is production's own");
}

/// A change shares unchanged flags and segments with the previous configuration instead of reading
/// them again.
#[tokio::test]
async fn a_change_shares_unchanged_parts_of_the_configuration() {
    let app = TestApp::start_app().await;
    for key in ["ONE", "OTHER"] {
        let flag = json!({"key": key, "kind": "boolean"});
        assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    }
    let environment = app.service.first_environment().unwrap();
    let before = app.service.environment(environment).unwrap();
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags/ONE/off")).await.0, 200);
    let after = app.service.environment(environment).unwrap();
    assert!(!after.stored_flag("ONE").unwrap().state.enabled);
    for (old, new) in before.segments().iter().zip(after.segments().iter()) {
        assert!(Arc::ptr_eq(&old.value, &new.value), "{}", new.value.key);
    }
    let (old, new) = (before.stored_flag("OTHER").unwrap(), after.stored_flag("OTHER").unwrap());
    assert!(Arc::ptr_eq(&old.flag, &new.flag) && Arc::ptr_eq(&old.state, &new.state));
    let (old, new) = (before.stored_flag("ONE").unwrap(), after.stored_flag("ONE").unwrap());
    assert!(!Arc::ptr_eq(&old.state, &new.state), "the changed state is replaced");
}

/// A token of one environment cannot change fields and resources that all environments share.
#[tokio::test]
async fn an_environment_token_cannot_change_shared_resources() {
    let app = TestApp::start_app().await;
    let base = "/api/v1/projects/default/environments";
    let call = |method: Method, path: &str, token: &str| {
        let request = app.client.request(method, format!("{}{base}{path}", app.url));
        request.bearer_auth(token).header("if-match", "*")
    };
    let admin = common::SERVER_TOKEN;
    fetch_json(call(Method::POST, "", admin).json(&json!({"key": "staging"}))).await;
    let text = json!({"key": "TEXT", "kind": "string", "variants": [{"name": "a", "value": "a"}], "off_variant": "a"});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&text)).await.0, 201);
    let new = json!({"name": "local", "scopes": ["admin"]});
    let (status, made) = fetch_json(call(Method::POST, "/staging/tokens", admin).json(&new)).await;
    assert_eq!(status, 201, "{made}");
    let local = made["secret"].as_str().unwrap();
    let (_, mut file) = fetch_json(call(Method::GET, "/staging/file", local)).await;
    let mut flags = file["flags"].as_array_mut().unwrap().iter_mut();
    let shared = flags.find(|flag| flag["key"] == "TEXT").unwrap();
    shared["variants"] = json!([{"name": "a", "value": "b"}]);
    let segment = |key: &str| json!({"key": key, "name": "mine", "condition": {"attribute": "a", "operator": "exists"}});
    for (method, path, body) in [
        (Method::POST, "/staging/segments", segment("mine")),
        (Method::PUT, "/staging/segments/beta_testers", segment("beta_testers")),
        (Method::DELETE, "/staging/segments/beta_testers", json!(null)),
        (Method::DELETE, "/staging/flags/TEXT", json!(null)),
        (Method::PUT, "/staging/file", file),
        (
            Method::PUT,
            "/staging/rollout/plan",
            json!({"toml": include_str!("../../../app/service/plans/canary.toml")}),
        ),
        (Method::PUT, "/staging", json!({"key": "mine"})),
        (Method::DELETE, "/staging?confirm=staging", json!(null)),
        (Method::POST, "", json!({"key": "another"})),
    ] {
        let (status, problem) = fetch_json(call(method.clone(), path, local).json(&body)).await;
        assert_eq!(status, 403, "{method} {path}: {problem}");
    }
    let own = json!({"flag": "TEXT", "targeting_key": "ada", "variant": "a"});
    assert_eq!(
        fetch_json(call(Method::POST, "/staging/overrides", local).json(&own)).await.0,
        201,
        "overrides belong to the environment"
    );
}

/// Importing a file leaves kill switches as they are, and a large import writes one audit entry.
#[tokio::test]
async fn importing_a_file_keeps_kill_switches_and_writes_one_audit_entry() {
    let app = TestApp::start_app().await;
    let flag = json!({"key": "F", "kind": "boolean"});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let (_, mut file) = fetch_json(app.api_request(Method::GET, "/file")).await;
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags/F/kill")).await.0, 200);
    let audit = async || {
        fetch_json(app.api_request(Method::GET, "/audit?limit=200"))
            .await
            .1
            .as_array()
            .unwrap()
            .len()
    };
    let before = audit().await;
    let overrides =
        (0..30).map(|n| json!({"flag": "F", "targeting_key": format!("u{n}"), "variant": "on"}));
    file["overrides"] = overrides.collect();
    let (status, answer) =
        fetch_json(app.overwrite_request(Method::PUT, "/file").json(&file)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(fetch_json(app.api_request(Method::GET, "/overrides")).await.1["total"], 30);
    assert_eq!(fetch_json(app.api_request(Method::GET, "/flags/F")).await.1["killed"], true);
    assert_eq!(audit().await, before + 1);
}
