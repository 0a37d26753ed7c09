//! OFREP over a real listener.

use crate::common::{self, CLIENT_KEY, SERVER_TOKEN, TestApp, fetch_json};
use phasegate_domain::{
    accounts::Role,
    rollout::{CommandKind, RolloutCommand},
};
use serde_json::json;

const FLAG: &str = "/ofrep/v1/evaluate/flags/ENHANCED_EXERCISE_LIBRARY";
const BULK: &str = "/ofrep/v1/evaluate/flags";

async fn start_rollout(app: &TestApp) {
    let command = RolloutCommand::new(CommandKind::Start, "a trial");
    let environment = app.service.first_environment().unwrap();
    let actor = common::actor_with_role(Role::Admin);
    phasegate_service::rollout::execute_command(
        &app.service,
        &actor,
        environment,
        &command,
        Some(1),
    )
    .await
    .unwrap();
}

fn internal_context() -> serde_json::Value {
    json!({"context": {"targetingKey": "ines", "groups": ["internal"]}})
}

#[tokio::test]
async fn a_flag_answers_with_value_reason_variant_and_metadata() {
    let app = TestApp::start_app().await;
    let ask = || app.post(FLAG).bearer_auth(CLIENT_KEY).json(&internal_context());
    let (status, before) = fetch_json(ask()).await;
    assert_eq!(status, 200);
    assert_eq!(
        before,
        json!({"key": "ENHANCED_EXERCISE_LIBRARY", "value": false, "reason": "DEFAULT",
               "variant": "off", "metadata": {}})
    );
    start_rollout(&app).await;
    let (_, after) = fetch_json(ask()).await;
    assert_eq!(after["value"], true);
    assert_eq!(after["reason"], "TARGETING_MATCH");
    assert_eq!(after["variant"], "on");
    let metadata = &after["metadata"];
    assert_eq!(metadata["rollout"], "exercise-library");
    assert_eq!(metadata["phase"], 1);
    assert_eq!(metadata["segment"], "internal");
    assert_eq!(metadata["share"], 100.0);
    assert!(metadata["bucket"].is_u64());
}

#[tokio::test]
async fn bulk_answers_for_all_flags_and_names_the_phase() {
    let app = TestApp::start_app().await;
    start_rollout(&app).await;
    for request in
        [app.post(BULK).header("x-api-key", CLIENT_KEY), app.post(BULK).bearer_auth(SERVER_TOKEN)]
    {
        let (status, answer) = fetch_json(request.json(&internal_context())).await;
        assert_eq!(status, 200);
        assert_eq!(answer["flags"].as_array().unwrap().len(), 9);
        let on = answer["flags"].as_array().unwrap().iter().filter(|flag| flag["value"] == true);
        assert_eq!(on.count(), 1);
        assert_eq!(
            answer["metadata"],
            json!({"rollout": "exercise-library", "phase": 1, "phaseName": "Internal testing",
                   "phasePercentage": 0.1, "segments": "internal"})
        );
    }
    let (status, answer) = fetch_json(app.post(BULK).bearer_auth(CLIENT_KEY)).await;
    assert_eq!(status, 200, "a client may leave the body out");
    assert!(answer["flags"].as_array().unwrap().iter().all(|flag| flag["value"] == false));
}

#[tokio::test]
async fn a_known_answer_is_not_sent_again() {
    let app = TestApp::start_app().await;
    let ask = |tag: &str, context: &serde_json::Value| {
        app.post(BULK).bearer_auth(CLIENT_KEY).header("if-none-match", tag).json(context).send()
    };
    let first = ask("", &internal_context()).await.unwrap();
    assert_eq!(first.status(), 200);
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let bare = tag.trim_matches('"').to_owned();
    for known in [&tag, &bare, &format!("W/{tag}")] {
        let again = ask(known, &internal_context()).await.unwrap();
        assert_eq!(again.status(), 304, "{known}");
        assert_eq!(again.text().await.unwrap(), "");
    }
    start_rollout(&app).await;
    assert_eq!(
        ask(&tag, &internal_context()).await.unwrap().status(),
        200,
        "the flags have changed"
    );
    let now =
        ask("", &internal_context()).await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
    let other = json!({"context": {"targetingKey": "sam"}});
    assert_eq!(ask(&now, &other).await.unwrap().status(), 200, "the context has changed");
}

#[tokio::test]
async fn invalid_requests_get_an_error_code_and_details() {
    let app = TestApp::start_app().await;
    let (status, body) = fetch_json(app.post(FLAG).json(&internal_context())).await;
    assert_eq!((status, &body["errorCode"]), (401, &json!("GENERAL")));
    assert!(body["errorDetails"].as_str().unwrap().contains("Authorization: Bearer"));

    let (status, body) =
        fetch_json(app.post(FLAG).bearer_auth("wrong").json(&internal_context())).await;
    assert_eq!(status, 401);
    assert!(body["errorDetails"].as_str().unwrap().contains("not known"));

    let unknown = app.post("/ofrep/v1/evaluate/flags/NOPE").bearer_auth(CLIENT_KEY);
    let (status, body) = fetch_json(unknown.json(&internal_context())).await;
    assert_eq!((status, &body["errorCode"]), (404, &json!("FLAG_NOT_FOUND")));
    assert_eq!(body["key"], "NOPE");

    for (sent, code) in [
        ("{", "PARSE_ERROR"),
        ("[]", "PARSE_ERROR"),
        (r#"{"context": []}"#, "INVALID_CONTEXT"),
        (r#"{"context": {"targetingKey": 7}}"#, "INVALID_CONTEXT"),
    ] {
        let (status, body) = fetch_json(app.post(FLAG).bearer_auth(CLIENT_KEY).body(sent)).await;
        assert_eq!((status, &body["errorCode"]), (400, &json!(code)), "{sent}");
        assert_eq!(body["key"], "ENHANCED_EXERCISE_LIBRARY");
        let (status, body) = fetch_json(app.post(BULK).bearer_auth(CLIENT_KEY).body(sent)).await;
        assert_eq!((status, &body["errorCode"]), (400, &json!(code)), "{sent}");
        assert_eq!(body.get("key"), None, "bulk errors have no key");
    }

    let (status, body) =
        fetch_json(app.post("/ofrep/v1/evaluate/flags/%FF").bearer_auth(CLIENT_KEY)).await;
    assert_eq!((status, &body["errorCode"]), (400, &json!("PARSE_ERROR")));

    let large = json!({"context": {"targetingKey": "a", "text": "x".repeat(70_000)}});
    let (status, body) = fetch_json(app.post(FLAG).bearer_auth(CLIENT_KEY).json(&large)).await;
    assert_eq!(status, 413);
    assert!(body["errorDetails"].as_str().unwrap().contains("66560"));
}

#[tokio::test]
async fn pages_of_other_origins_may_evaluate() {
    let app = TestApp::start_app().await;
    let preflight = app
        .client
        .request(reqwest::Method::OPTIONS, format!("{}{BULK}", app.url))
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap().to_owned();
    assert!(allowed.contains("authorization"), "{allowed}");
    let ask = app.post(BULK).bearer_auth(CLIENT_KEY).header("origin", "https://shop.example");
    let answer = ask.json(&internal_context()).send().await.unwrap();
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_owned();
    assert_eq!(exposed, "etag,retry-after");
}

#[tokio::test]
async fn a_tag_changes_with_context_configuration_and_ticket() {
    let app = TestApp::start_app().await;
    let tag = async |user: &str| {
        let context = json!({"context": {"targetingKey": user}});
        let answer = app.post(BULK).bearer_auth(CLIENT_KEY).json(&context).send().await.unwrap();
        answer.headers()["etag"].to_str().unwrap().to_owned()
    };
    let first = tag("ada").await;
    assert_eq!(tag("ada").await, first);
    assert_ne!(tag("sam").await, first, "another user, though the answers are the same");
    create_flag(&app, json!({"key": "NEW", "kind": "boolean"})).await;
    assert_ne!(tag("ada").await, first, "another flag");
    let before = tag("ada").await;
    let restarted = app.restart_on_same_data().await;
    let context = json!({"context": {"targetingKey": "ada"}});
    let ask = restarted.post(BULK).bearer_auth(CLIENT_KEY).header("if-none-match", before);
    let answer = ask.json(&context).send().await.unwrap();
    assert_eq!(answer.status(), 200, "the old ticket is good for nothing, so a new one comes");
}

#[tokio::test]
async fn explaining_with_a_client_key_hides_the_values_of_conditions() {
    let app = TestApp::start_app().await;
    let rule = json!({"condition": {"attribute": "age", "operator": "at_least", "value": 4711}, "variant": "on"});
    create_flag(&app, json!({"key": "ADULTS", "kind": "boolean", "rules": [rule]})).await;
    let context = json!({"context": {"targetingKey": "ada", "age": "old"}});
    let ask = app.post("/ofrep/v1/explain/ADULTS").bearer_auth(CLIENT_KEY).json(&context);
    let (_, answer) = fetch_json(ask).await;
    let steps = answer["steps"].to_string();
    assert!(steps.contains("\\\"old\\\" has a type that cannot be compared"), "{steps}");
    assert!(!steps.contains("4711"), "{steps}");
}

async fn create_flag(app: &TestApp, flag: serde_json::Value) {
    let (status, body) =
        fetch_json(app.api_request(reqwest::Method::POST, "/flags").json(&flag)).await;
    assert_eq!(status, 201, "{body}");
}

#[tokio::test]
async fn values_keep_their_types() {
    let app = TestApp::start_app().await;
    for (key, kind, value, text) in [
        ("TEXT", "string", json!("a"), r#""value":"a""#),
        ("WHOLE", "number", json!(7), r#""value":7,"#),
        ("REAL", "number", json!(1.0), r#""value":1.0,"#),
        ("THING", "object", json!({"b": [1.0, null]}), r#""value":{"b":[1.0,null]}"#),
    ] {
        let variants = json!([{"name": "only", "value": value}]);
        create_flag(
            &app,
            json!({"key": key, "kind": kind, "variants": variants, "off_variant": "only"}),
        )
        .await;
        let path = format!("{BULK}/{key}");
        let answer = app.post(&path).bearer_auth(CLIENT_KEY).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        let body = answer.text().await.unwrap();
        assert!(body.contains(text), "{body}");
    }
}

#[tokio::test]
async fn a_split_without_a_user_is_an_error_for_that_flag_alone() {
    let app = TestApp::start_app().await;
    create_flag(
        &app,
        json!({"key": "SPLIT", "kind": "boolean", "rules": [{"variant": "on", "share": 50}]}),
    )
    .await;
    let single = app.post("/ofrep/v1/evaluate/flags/SPLIT").bearer_auth(CLIENT_KEY);
    let (status, body) = fetch_json(single).await;
    assert_eq!((status, &body["errorCode"]), (400, &json!("TARGETING_KEY_MISSING")));
    assert_eq!(body["key"], "SPLIT");
    assert!(body["errorDetails"].as_str().unwrap().contains("targetingKey"));
    let (status, body) = fetch_json(app.post(BULK).bearer_auth(CLIENT_KEY)).await;
    assert_eq!(status, 200);
    let flags = body["flags"].as_array().unwrap();
    let failed: Vec<_> = flags.iter().filter(|flag| flag["errorCode"].is_string()).collect();
    assert_eq!((flags.len(), failed.len()), (10, 1));
    assert_eq!(failed[0]["key"], "SPLIT");
}

#[tokio::test]
async fn a_change_is_sent_to_event_streams() {
    use futures::StreamExt;

    let app = TestApp::start_app().await;
    let (_, bulk) = fetch_json(app.post(BULK).bearer_auth(CLIENT_KEY)).await;
    let stream = &bulk["eventStreams"][0];
    assert_eq!((&stream["type"], &stream["inactivityDelaySec"]), (&json!("sse"), &json!(120)));
    let address = stream["endpoint"]["requestUri"].as_str().unwrap();
    let response = app.get(address).header("origin", "https://shop.example").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let mut chunks = response.bytes_stream();
    create_flag(&app, json!({"key": "NEW", "kind": "boolean"})).await;
    let mut seen = String::new();
    while !seen.contains("\n\n") {
        seen.push_str(&String::from_utf8_lossy(&chunks.next().await.unwrap().unwrap()));
    }
    assert!(seen.contains(r#"data: {"type":"refetchEvaluation"}"#), "{seen}");
    assert!(seen.contains("id: "), "{seen}");

    let (status, body) = fetch_json(app.get("/ofrep/v1/stream?ticket=1.2.3")).await;
    assert_eq!((status, &body["errorCode"]), (401, &json!("GENERAL")));
    assert_eq!(fetch_json(app.get("/ofrep/v1/stream")).await.0, 401);
    let by_key = app.get("/ofrep/v1/stream").bearer_auth(SERVER_TOKEN).send().await.unwrap();
    assert_eq!(by_key.status(), 200, "a server sends its token instead");
}

#[tokio::test]
async fn a_client_key_can_be_limited_to_origins() {
    let app = TestApp::start_app().await;
    let new = json!({"name": "Shop", "allowed_origins": ["https://Shop.example/"]});
    let (status, key) =
        fetch_json(app.api_request(reqwest::Method::POST, "/client-keys").json(&new)).await;
    assert_eq!((status, &key["allowed_origins"]), (201, &json!(["https://shop.example"])));
    let key = key["key"].as_str().unwrap().to_owned();
    let ask =
        |origin: &'static str| app.post(BULK).bearer_auth(&key).header("origin", origin).send();
    assert_eq!(ask("https://shop.example").await.unwrap().status(), 200);
    assert_eq!(ask("https://evil.example").await.unwrap().status(), 403);
    let send = app.post(&format!("/collect?key={key}")).header("origin", "https://evil.example");
    assert_eq!(fetch_json(send.body("{}")).await.0, 403);
}
