//! The REST API over a real listener.

use crate::common::{self, CLIENT_KEY, TestApp, fetch_json};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Sends a request and returns its status, entity tag and JSON body.
async fn fetch_tagged(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    (status, tag.unwrap_or_default(), serde_json::from_str(&text).unwrap_or_default())
}

fn checkout_flag() -> Value {
    json!({"key": "CHECKOUT", "kind": "boolean", "tags": ["shop"], "rules": [
        {"name": "Beta", "condition": {"in_segment": "beta_testers"}, "variant": "on"}]})
}

#[tokio::test]
async fn a_flag_is_created_changed_and_deleted() {
    let app = TestApp::start_app().await;
    let response =
        app.api_request(Method::POST, "/flags").json(&checkout_flag()).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.ends_with("/flags/CHECKOUT"), "{location}");
    let (status, first, mut flag) =
        fetch_tagged(app.api_request(Method::GET, "/flags/CHECKOUT")).await;
    assert_eq!((status, first.as_str()), (200, "\"1.1\""));
    assert_eq!((&flag["name"], &flag["off_variant"]), (&json!("CHECKOUT"), &json!("off")));

    flag["owner"] = json!("team shop");
    let put = |tag: &str, flag: &Value| {
        app.api_request(Method::PUT, "/flags/CHECKOUT")
            .header("if-match", tag.to_owned())
            .json(flag)
    };
    let (status, second, saved) = fetch_tagged(put(&first, &flag)).await;
    assert_eq!((status, &saved["owner"]), (200, &json!("team shop")));
    assert_ne!(first, second);

    flag["owner"] = json!("somebody else");
    let (status, _, problem) = fetch_tagged(put(&first, &flag)).await;
    assert_eq!((status, &problem["status"]), (412, &json!(412)), "{problem}");
    let (_, same, kept) = fetch_tagged(app.api_request(Method::GET, "/flags/CHECKOUT")).await;
    assert_eq!(
        (same, &kept["owner"]),
        (second.clone(), &json!("team shop")),
        "nothing is overwritten"
    );

    let stale = app.api_request(Method::DELETE, "/flags/CHECKOUT").header("if-match", first);
    assert_eq!(fetch_tagged(stale).await.0, 412);
    let delete = app.api_request(Method::DELETE, "/flags/CHECKOUT").header("if-match", second);
    assert_eq!(fetch_tagged(delete).await.0, 204);
    assert_eq!(fetch_tagged(app.api_request(Method::GET, "/flags/CHECKOUT")).await.0, 404);

    let (_, _, audit) =
        fetch_tagged(app.api_request(Method::GET, "/audit?kind=flag&key=CHECKOUT")).await;
    let lines = audit.as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["actor"], "token first start");
    assert_eq!(
        lines[1]["fields"],
        json!([{"path": "owner", "from": "", "to": "team shop"}]),
        "from which value to which"
    );
}

#[tokio::test]
async fn invalid_requests_are_refused_with_the_wrong_field() {
    let app = TestApp::start_app().await;
    let base = json!({"key": "A", "kind": "boolean"});
    let with = |field: &str, value: Value| {
        let mut flag = base.clone();
        flag[field] = value;
        flag
    };
    let rule = |condition: Value| json!([{"variant": "on", "condition": condition}]);
    let test = |operator: &str, value: &str| {
        rule(json!({"attribute": "it", "operator": operator, "value": value}))
    };
    for (flag, status, says) in [
        (
            with("rules", test("matches", "(")),
            422,
            "rules[0].condition.value: is not a regular expression",
        ),
        (with("rules", test("in_cidr", "10.0.0.0/40")), 422, "is not a network"),
        (
            with("rules", json!([{"split": [{"variant": "on", "share": 40}]}])),
            422,
            "split: the shares add up to 40 %",
        ),
        (
            with("rules", rule(json!({"in_segment": "vip"}))),
            422,
            "rules[0].condition: there is no segment vip",
        ),
        (
            with("rules", json!([{"variant": "blue"}])),
            422,
            "rules[0].variant: there is no variant blue",
        ),
        (
            with("prerequisites", json!([{"flag": "A", "variants": ["on"]}])),
            422,
            "A → A is a circle",
        ),
        (
            with(
                "variants",
                json!([{"name": "on", "value": "yes"}, {"name": "off", "value": false}]),
            ),
            422,
            "variants.on.value: must be of the kind boolean",
        ),
        (
            with("rules", test("matches", "(?:\\w{2,40}[a-z]){9}$")),
            422,
            "value: takes too long to search",
        ),
        (with("rules", test("matches", "/^a/i")), 422, "(?i)"),
        (
            with(
                "rules",
                rule(json!({"attribute": "it", "operator": "equals",
                    "value": 123_456_789_012_345_678_901.0_f64})),
            ),
            422,
            "has a number of more digits than are kept",
        ),
        (
            json!({"key": "A", "kind": "boolean", "schedule": [{"at": "soon", "enabled": true}]}),
            422,
            "schedule[0].at: \"soon\" is not a date such as 2026-11-23",
        ),
        (with("key", json!("a b")), 422, "key: a key holds letters"),
        (with("enabld", json!(true)), 422, "enabld: there is no such field"),
        (json!({"key": "A"}), 422, "kind: is missing"),
        (json!({"key": "ENHANCED_EXERCISE_LIBRARY", "kind": "boolean"}), 409, "already"),
    ] {
        let (found, problem) =
            fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(found, status, "{detail}");
        assert!(detail.contains(says), "{detail:?} does not say {says:?}");
        if status == 422 {
            let error = &problem["errors"][0];
            let field = error["field"].as_str().unwrap();
            assert!(!field.is_empty() && detail.starts_with(&format!("{field}: ")), "{problem}");
        }
    }
    for (path, says) in
        [("/flags?limit=abc", "limit"), ("/audit?before=x", "before"), ("/tokens/abc", "id")]
    {
        let (status, problem) = fetch_json(app.api_request(Method::GET, path)).await;
        assert_eq!((status, problem["status"].as_u64()), (400, Some(400)), "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    for key in ["new", ".", ".."] {
        assert_eq!(
            fetch_json(app.api_request(Method::POST, "/flags").json(&with("key", json!(key))))
                .await
                .0,
            422
        );
    }
    let long = r#"{"key": "A", "kind": "float", "variants": [{"name": "a", "value": 0.12345678901234567890}]}"#;
    let (status, problem) = fetch_json(app.api_request(Method::POST, "/flags").body(long)).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(status, 422, "{detail}");
    assert!(detail.starts_with("0.12345678901234567890 has more digits"), "{detail}");
    let broken = app.api_request(Method::POST, "/flags").body("{");
    assert_eq!(fetch_json(broken).await.0, 400);
    let large = app.api_request(Method::POST, "/flags").body("x".repeat(1_100_000));
    assert_eq!(fetch_json(large).await.0, 413);
}

#[tokio::test]
async fn flags_and_segments_in_use_cannot_be_deleted() {
    let app = TestApp::start_app().await;
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::DELETE, "/flags/AI_EXERCISE_COACHING")).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("phase 6 of the plan"), "{problem}");
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::DELETE, "/segments/beta_testers")).await;
    assert_eq!(status, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("phase 2 of exercise-library"),
        "{problem}"
    );

    for flag in [
        json!({"key": "BASE", "kind": "boolean"}),
        json!({"key": "TOP", "kind": "boolean", "prerequisites": [{"flag": "BASE", "variants": ["on"]}]}),
    ] {
        assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    }
    let circle = json!({"key": "BASE", "kind": "boolean", "prerequisites": [{"flag": "TOP", "variants": ["on"]}]});
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::PUT, "/flags/BASE").json(&circle)).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("BASE → TOP → BASE is a circle"),
        "{problem}"
    );
    let (status, problem) = fetch_json(app.overwrite_request(Method::DELETE, "/flags/BASE")).await;
    assert_eq!(status, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("flags.TOP.prerequisites[0]"),
        "{problem}"
    );
    let other = json!({"key": "BASE", "kind": "string", "off_variant": "a", "variants": [{"name": "a", "value": "a"}]});
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::PUT, "/flags/BASE").json(&other)).await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("cannot be changed"), "{problem}");
    assert_eq!(problem["errors"][0]["field"], "kind");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let app = TestApp::start_app().await;
    let (mut keys, mut after) = (Vec::new(), String::new());
    loop {
        let (status, _, page) =
            fetch_tagged(app.api_request(Method::GET, &format!("/flags?limit=4{after}"))).await;
        assert_eq!((status, &page["total"]), (200, &json!(9)));
        let items = page["items"].as_array().unwrap();
        keys.extend(items.iter().map(|flag| flag["key"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(keys.len(), 9);
    assert!(keys.is_sorted());
    let (_, _, found) = fetch_tagged(app.api_request(Method::GET, "/flags?q=VIDEO")).await;
    assert_eq!(found["total"], 1);
    assert_eq!(fetch_tagged(app.api_request(Method::GET, "/flags?limit=0")).await.0, 400);
}

#[tokio::test]
async fn segments_and_overrides_are_created_changed_and_deleted() {
    let app = TestApp::start_app().await;
    let segment = json!({"key": "vip", "name": "VIP", "condition":
        {"attribute": "plan", "operator": "equals", "value": "pro"}});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/segments").json(&segment)).await.0, 201);
    assert_eq!(fetch_json(app.api_request(Method::POST, "/segments").json(&segment)).await.0, 409);
    let rule = json!({"key": "A", "kind": "boolean", "rules": [{"variant": "on", "condition": {"in_segment": "vip"}}]});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&rule)).await.0, 201);
    let (_, tag, found) = fetch_tagged(app.api_request(Method::GET, "/segments/vip")).await;
    assert_eq!(
        found["used_by"],
        json!([{"environment": "production", "kind": "rule", "flag": "A", "rule": 1}])
    );
    let mut circular = segment.clone();
    circular["condition"] = json!({"not": {"in_segment": "vip"}});
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::PUT, "/segments/vip").json(&circular)).await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("vip → vip is a circle"), "{problem}");
    let mut renamed = segment.clone();
    renamed["name"] = json!("Very important");
    let put = |tag: &str| {
        app.api_request(Method::PUT, "/segments/vip")
            .header("if-match", tag.to_owned())
            .json(&renamed)
    };
    assert_eq!(fetch_tagged(put(&tag)).await.0, 200);
    assert_eq!(fetch_tagged(put(&tag)).await.0, 412);

    let personal =
        json!({"flag": "A", "targeting_key": "ada/1 ö", "variant": "on", "note": "a test"});
    assert_eq!(
        fetch_json(app.api_request(Method::POST, "/overrides").json(&personal)).await.0,
        201
    );
    assert_eq!(
        fetch_json(app.api_request(Method::POST, "/overrides").json(&personal)).await.0,
        409
    );
    let path = "/overrides/A/ada%2F1%20%C3%B6";
    let (status, tag, found) = fetch_tagged(app.api_request(Method::GET, path)).await;
    assert_eq!((status, &found["note"]), (200, &json!("a test")));
    let ask = json!({"context": {"targetingKey": "ada/1 ö"}});
    let evaluate = || app.post("/ofrep/v1/evaluate/flags/A").bearer_auth(CLIENT_KEY).json(&ask);
    let (_, answer) = fetch_json(evaluate()).await;
    assert_eq!((&answer["value"], &answer["metadata"]["override"]), (&json!(true), &json!(true)));
    let mut off = personal.clone();
    off["variant"] = json!("off");
    off["expires_at"] = json!("2999-01-01T00:00:00Z");
    let put = |tag: &str| {
        app.api_request(Method::PUT, path).header("if-match", tag.to_owned()).json(&off)
    };
    assert_eq!(fetch_tagged(put(&tag)).await.0, 200);
    assert_eq!(fetch_tagged(put(&tag)).await.0, 412);
    off["expires_at"] = json!("1999-01-01T00:00:00Z");
    let (status, problem) = fetch_json(app.overwrite_request(Method::PUT, path).json(&off)).await;
    assert_eq!(
        (status, problem["detail"].as_str()),
        (422, Some("expires_at: must lie in the future"))
    );
    assert_eq!(fetch_tagged(app.overwrite_request(Method::DELETE, path)).await.0, 204);
    assert_eq!(fetch_tagged(app.api_request(Method::GET, path)).await.0, 404);
}

#[tokio::test]
async fn a_token_grants_its_scopes_until_it_is_deleted() {
    let app = TestApp::start_app().await;
    let new = json!({"name": "reader", "scopes": ["read"]});
    let (status, tag, made) =
        fetch_tagged(app.api_request(Method::POST, "/tokens").json(&new)).await;
    assert_eq!(status, 201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("pgs_"));
    let path = format!("/tokens/{}", made["id"]);
    let url = |path: &str| format!("/api/v1/projects/default/environments/production{path}");
    assert_eq!(fetch_json(app.get(&url("/flags")).bearer_auth(&secret)).await.0, 200);
    let (status, problem) =
        fetch_json(app.post(&url("/flags")).bearer_auth(&secret).json(&checkout_flag())).await;
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().unwrap().contains("scope write"), "{problem}");
    assert_eq!(fetch_json(app.get(&url("/tokens")).bearer_auth(&secret)).await.0, 403);
    let ofrep = app.post("/ofrep/v1/evaluate/flags").bearer_auth(&secret);
    assert_eq!(fetch_json(ofrep).await.0, 403, "reading is not evaluating");
    let (_, listed) = fetch_json(app.api_request(Method::GET, &path)).await;
    assert!(listed["last_used_at"].is_string(), "{listed}");
    assert!(listed.get("secret").is_none() && listed.get("digest").is_none());

    let more = json!({"name": "reader", "scopes": ["read", "evaluate"]});
    let put = app.api_request(Method::PUT, &path).header("if-match", &tag).json(&more);
    assert_eq!(fetch_tagged(put).await.0, 200);
    let ofrep = app.post("/ofrep/v1/evaluate/flags").bearer_auth(&secret);
    assert_eq!(fetch_json(ofrep).await.0, 200);
    assert_eq!(fetch_tagged(app.overwrite_request(Method::DELETE, &path)).await.0, 204);
    assert_eq!(fetch_json(app.get(&url("/flags")).bearer_auth(&secret)).await.0, 401);

    let client = app.get(&url("/flags")).bearer_auth(CLIENT_KEY);
    assert_eq!(fetch_json(client).await.0, 403, "a client key is public");
    assert_eq!(fetch_json(app.get(&url("/flags"))).await.0, 401);
    let none = json!({"name": "none", "scopes": []});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/tokens").json(&none)).await.0, 422);
}

#[tokio::test]
async fn environments_are_isolated_from_each_other() {
    let app = TestApp::start_app().await;
    let all = || app.get("/api/v1/projects/default/environments").bearer_auth(common::SERVER_TOKEN);
    let new = json!({"key": "staging", "name": "Staging"});
    let make = || {
        app.post("/api/v1/projects/default/environments")
            .bearer_auth(common::SERVER_TOKEN)
            .json(&new)
    };
    assert_eq!(fetch_json(make()).await.0, 201);
    assert_eq!(fetch_json(make()).await.0, 409);
    let (_, listed) = fetch_json(all()).await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    // Only an admin's token changes what the environments share, and the change is in both audit
    // logs.
    let writer = json!({"name": "writer", "scopes": ["write"]});
    let (_, writer) = fetch_json(app.api_request(Method::POST, "/tokens").json(&writer)).await;
    let writer = writer["secret"].as_str().unwrap();
    let flags = "/api/v1/projects/default/environments/production/flags";
    let (status, _) = fetch_json(app.post(flags).bearer_auth(writer).json(&checkout_flag())).await;
    assert_eq!(status, 403);
    assert_eq!(
        fetch_json(app.api_request(Method::POST, "/flags").json(&checkout_flag())).await.0,
        201
    );
    let state = json!({"key": "CHECKOUT", "kind": "boolean", "tags": ["shop"], "enabled": false});
    let put = |document: &serde_json::Value| {
        let put = app.client.put(format!("{}{flags}/CHECKOUT", app.url)).bearer_auth(writer);
        fetch_json(put.header("if-match", "*").json(document))
    };
    assert_eq!(put(&state).await.0, 200, "but its own switch is its own");
    let default = json!({"key": "CHECKOUT", "kind": "boolean", "tags": ["shop"], "enabled": false,
        "default_variant": "on"});
    assert_eq!(put(&default).await.0, 200, "and so is its default");
    let there = app.service.find_environment("default", "staging").unwrap();
    let there = there.snapshot().flag("CHECKOUT").unwrap();
    assert_eq!(there.state.default_variant(&there.flag).as_str(), "off");
    for shared in [
        json!({"archived": true}),
        json!({"variants": [{"name": "on", "value": true}, {"name": "off", "value": false},
                            {"name": "maybe", "value": true}]}),
        json!({"off_variant": "on"}),
    ] {
        let mut document = default.clone();
        document.as_object_mut().unwrap().extend(shared.as_object().unwrap().clone());
        let (status, problem) = put(&document).await;
        let field = shared.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(status, 403, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(&field), "{problem}");
    }
    let reach = json!({"name": "wider", "scopes": ["write"], "reach": "project"});
    let admin = json!({"name": "local admin", "scopes": ["admin"]});
    let (_, admin) = fetch_json(app.api_request(Method::POST, "/tokens").json(&admin)).await;
    let tokens = "/api/v1/projects/default/environments/production/tokens";
    let wider = app.post(tokens).bearer_auth(admin["secret"].as_str().unwrap()).json(&reach);
    assert_eq!(
        fetch_json(wider).await.0,
        403,
        "no token makes one that reaches further than itself"
    );
    let staging = app.service.find_environment("default", "staging").unwrap().environment().id;
    let actor = common::actor_with_role(phasegate_domain::accounts::Role::Admin);
    let query = phasegate_store::models::AuditQuery { limit: 9, ..Default::default() };
    let lines = phasegate_service::audit::read_audit_entries(&app.service, &actor, staging, &query);
    assert_eq!(lines.await.unwrap().len(), 2, "its own making, and the flag that is shared");
    let elsewhere = || app.get("/api/v1/projects/default/environments/staging/flags");
    let (status, problem) = fetch_json(elsewhere().bearer_auth(writer)).await;
    assert_eq!(status, 403, "a token is for one environment: {problem}");
    assert_eq!(
        fetch_json(elsewhere().bearer_auth(common::SERVER_TOKEN)).await.0,
        200,
        "or for all"
    );
    let nowhere = app.get("/api/v1/projects/default/environments/nowhere/flags");
    assert_eq!(fetch_json(nowhere.bearer_auth(common::SERVER_TOKEN)).await.0, 404);
}

#[tokio::test]
async fn the_openapi_document_describes_every_call() {
    let app = TestApp::start_app().await;
    let (status, document) = fetch_json(app.get("/api/v1/openapi.json")).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    let place = "/api/v1/projects/{project}/environments/{environment}";
    for (path, verbs) in [
        ("/flags", "get post"),
        ("/flags/{key}", "get put delete"),
        ("/segments", "get post"),
        ("/segments/{key}", "get put delete"),
        ("/overrides", "get post"),
        ("/overrides/{flag}/{targeting_key}", "get put delete"),
        ("/tokens", "get post"),
        ("/tokens/{id}", "get put delete"),
        ("/client-keys", "get post"),
        ("/client-keys/{key}", "get put delete"),
        ("/audit", "get"),
    ] {
        for verb in verbs.split(' ') {
            let operation = &document["paths"][format!("{place}{path}")][verb];
            assert!(operation["operationId"].is_string(), "{verb} {path}");
        }
    }
    assert!(document["components"]["schemas"]["Flag"]["properties"]["rules"].is_object());
}

#[tokio::test]
async fn a_schedule_switches_a_flag_by_the_clock_and_is_audited() {
    let app = TestApp::start_app().await;
    let soon = app.now() + chrono::TimeDelta::milliseconds(200);
    let flag = json!({"key": "SOON", "kind": "boolean", "default_variant": "on",
        "schedule": [{"at": soon, "enabled": false}]});
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    let stored = loop {
        let (_, stored) = fetch_json(app.api_request(Method::GET, "/flags/SOON")).await;
        if stored["enabled"] == false {
            break stored;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(stored["schedule"], json!([]));
    let (_, audit) = fetch_json(app.api_request(Method::GET, "/audit?kind=flag&key=SOON")).await;
    assert_eq!(audit[0]["actor"], "schedule");
    assert_eq!(audit[0]["fields"][0], json!({"path": "enabled", "from": true, "to": false}));
    let (_, answer) =
        fetch_json(app.post("/ofrep/v1/evaluate/flags/SOON").bearer_auth(CLIENT_KEY)).await;
    assert_eq!((&answer["value"], &answer["reason"]), (&json!(false), &json!("DISABLED")));
    let past = json!({"key": "PAST", "kind": "boolean", "schedule": [{"at": "1970-01-01T00:00:00Z", "enabled": false}]});
    let (status, problem) = fetch_json(app.api_request(Method::POST, "/flags").json(&past)).await;
    assert_eq!(
        (status, problem["detail"].as_str()),
        (422, Some("schedule[0].at: must lie in the future"))
    );
}

/// Clients are generated from these parts of the document.
#[test]
fn the_openapi_document_describes_conditions_and_required_versions() {
    let document = serde_json::to_value(phasegate_server::openapi()).unwrap();
    let condition = &document["components"]["schemas"]["Condition"];
    let forms = condition["oneOf"].as_array().unwrap();
    let names: Vec<&str> = forms.iter().map(|form| form["required"][0].as_str().unwrap()).collect();
    assert_eq!(names, ["all", "any", "not", "in_segment", "attribute"]);
    assert!(forms.iter().all(|form| form["additionalProperties"] == false), "{condition}");
    let mut needed = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in ["put", "delete"] {
            let Some(operation) = operations.get(method) else { continue };
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let Some(header) = parameters.iter().find(|one| one["name"] == "If-Match") else {
                continue;
            };
            // A dry run changes nothing, so it needs no version.
            let has_dry_run = parameters.iter().any(|one| one["name"] == "dry_run");
            assert_eq!(header["required"] == true, !has_dry_run, "{method} {path}");
            needed += usize::from(!has_dry_run);
            let is_said = operation["responses"].get("428").is_some();
            assert_eq!(is_said, !has_dry_run, "{method} {path}");
        }
    }
    assert!(needed >= 12, "{needed}");
}

/// Generated clients check a key before they put it into an address.
#[test]
fn the_openapi_document_gives_path_keys_a_pattern_and_changes_a_schema() {
    let document = serde_json::to_value(phasegate_server::openapi()).unwrap();
    let mut free = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (is_path, pattern) =
                    (parameter["in"] == "path", &parameter["schema"]["pattern"]);
                if is_path && pattern.as_str() != Some(r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$") {
                    free.push((path.rsplit('/').nth(1).unwrap(), parameter["name"].clone()));
                }
            }
        }
    }
    // Client keys and user ids may be any text; numbers and actions have their own schema.
    free.sort_by_key(|(of, name)| (*of, name.to_string()));
    free.dedup();
    let expected = [
        ("client-keys", "key"),
        ("tokens", "id"),
        ("users", "id"),
        ("{flag}", "targeting_key"),
        ("{key}", "action"),
    ];
    let known: Vec<_> = free.iter().map(|(of, name)| (*of, name.as_str().unwrap())).collect();
    assert_eq!(known, expected);
    let change = &document["components"]["schemas"]["AuditLine"]["properties"]["change"];
    assert_eq!(change["required"], serde_json::json!(["subject"]), "{change}");
}
