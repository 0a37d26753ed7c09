//! Telemetry that pages send: storage, counted rejections, the data of one user, and a full disk.

use std::sync::Arc;

use crate::common::{self, CLIENT_KEY, TestApp, fetch_json};
use phasegate_domain::rollout::{CommandKind, RolloutCommand};
use phasegate_server::{AppState, Config};
use phasegate_service::{Service, ingest, setup, variables::Variables};
use phasegate_store_sqlite::{SqliteState, SqliteTelemetry};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const FLAG: &str = "ENHANCED_EXERCISE_LIBRARY";

fn collect_request(app: &TestApp, body: impl Into<reqwest::Body>) -> RequestBuilder {
    app.post(&format!("/collect?key={CLIENT_KEY}")).body(body)
}

fn sample_batch(id: &str, user: &str, events: Value) -> String {
    json!({"v": 1, "batch": id, "session": format!("s-{user}"), "visitor": "v", "user": user,
        "segments": "internal,unheard_of", "events": events})
    .to_string()
}

/// Waits until `wanted` reasons for rejections are written, and returns them.
async fn wait_for_rejections(app: &TestApp, wanted: usize) -> Vec<Value> {
    for _ in 0..200 {
        ingest::write_rejections(&app.service).await.unwrap();
        let (status, maintenance) = fetch_json(app.api_request(Method::GET, "/maintenance")).await;
        assert_eq!(status, 200);
        let refused = maintenance["rejections"].as_array().unwrap().clone();
        if refused.len() >= wanted {
            return refused;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("there are never {wanted} reasons");
}

#[tokio::test]
async fn rejections_are_counted_by_reason_and_other_events_are_stored() {
    let app = TestApp::start_app().await;
    let events = json!([
        {"t": "view", "page": "/"},
        {"t": "vital", "name": "LCP", "value": -1},
        {"t": "vital", "name": "LCP", "value": 36_000_000_000_u64},
        {"t": "vital", "name": "LCP", "value": 36_000_000_001_u64},
        {"t": "use", "flag": "NOPE"},
        {"t": "use", "flag": "NEITHER"},
        {"t": "view", "age": -5},
        {"t": "custom", "name": "DEEP", "props": {"x": "DEEP"}},
        {"t": "custom", "name": "fine"},
    ]);
    let body = sample_batch("1", "ada", events);
    let body =
        body.replace("\"x\":\"DEEP\"", &format!("\"x\":{}{}", "[".repeat(200), "]".repeat(200)));
    let (status, receipt) = fetch_json(collect_request(&app, body)).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(2)), "{receipt}");

    // Invalid UTF-8 rejects one event; a body above the limit is rejected as a whole.
    let mut damaged =
        sample_batch("2", "ada", json!([{"t": "custom", "name": "?"}, {"t": "view"}])).into_bytes();
    let place = damaged.iter().position(|byte| *byte == b'?').unwrap();
    damaged[place] = 0xff;
    let (status, receipt) = fetch_json(collect_request(&app, damaged)).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(1)));
    assert_eq!(receipt["rejected"][0]["reason"], "the event is not valid UTF-8");
    assert_eq!(receipt["rejected"][0]["code"], "invalid_utf8");
    let large = sample_batch("3", "ada", json!([{"t": "error", "message": "x".repeat(1_000_000)}]));
    assert_eq!(fetch_json(collect_request(&app, large)).await.0, 413);
    let version = sample_batch("4", "ada", json!([])).replace("\"v\":1", "\"v\":9");
    assert_eq!(fetch_json(collect_request(&app, version)).await.0, 400);
    let bomb = gzip_bomb();
    let sent = collect_request(&app, bomb).header("content-encoding", "gzip");
    assert_eq!(fetch_json(sent).await.0, 413);

    let all = wait_for_rejections(&app, 6).await;
    let count = |code: &str, field: &str| {
        let found = all.iter().find(|line| line["code"] == code && line["field"] == field);
        found.unwrap_or_else(|| panic!("{code} in {all:#?}"))["events"].as_u64().unwrap()
    };
    assert_eq!(count("malformed_event", ""), 3, "a negative value, a negative age, a deep tree");
    assert_eq!(count("out_of_range", "value"), 2);
    assert_eq!(count("unknown_flag", "flag"), 2);
    assert_eq!(count("invalid_utf8", ""), 1);
    assert_eq!(count("unsupported_version", "v"), 1);
    assert_eq!(count("body_too_large", ""), 2, "too large as it came, and when it was unpacked");
    let cookie = app.log_in().await;
    let page = app.get("/admin/settings").header("cookie", cookie).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("The environment has no such flag"));
}

/// Returns ten megabytes of spaces, compressed to a few kilobytes.
fn gzip_bomb() -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 10_000_000]).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn a_users_data_can_be_read_and_erased() {
    let app = TestApp::start_app().await;
    let events = json!([
        {"t": "exposure", "flag": FLAG, "variant": "on"},
        {"t": "use", "flag": FLAG, "props": {"set": 3}},
        {"t": "feedback", "message": "call me", "kind": "idea"},
        {"t": "use", "flag": "NOPE"},
    ]);
    for (id, user) in [("1", "ada"), ("2", "grace")] {
        assert_eq!(
            fetch_json(collect_request(&app, sample_batch(id, user, events.clone()))).await.0,
            202
        );
    }
    let (status, found) = fetch_json(app.api_request(Method::GET, "/users/ada")).await;
    assert_eq!(status, 200);
    let activities: Vec<&str> =
        found["days"].as_array().unwrap().iter().map(|d| d["activity"].as_str().unwrap()).collect();
    assert_eq!(
        activities,
        [
            "active",
            &format!("exposed:{FLAG}:on:"),
            "first",
            "segment:internal",
            &format!("used:{FLAG}")
        ]
    );
    assert_eq!(found["reports"][0]["report"]["message"], "call me");
    let content = &found["batches"][0]["content"];
    assert_eq!(content["events"].as_array().unwrap().len(), 3, "without what was refused");
    assert_eq!(content["events"][1]["props"]["set"], 3, "as the page sent it");
    assert!(!found.to_string().contains("ada"), "nothing is kept of the id itself");

    let (status, gone) = fetch_json(app.api_request(Method::DELETE, "/users/ada")).await;
    assert_eq!((status, &gone["was_known"]), (200, &json!(true)));
    assert_eq!((&gone["reports"], &gone["batches"]), (&json!(1), &json!(1)));
    let (_, found) = fetch_json(app.api_request(Method::GET, "/users/ada")).await;
    assert_eq!((&found["days"], &found["batches"]), (&json!([]), &json!([])));
    let (_, other) = fetch_json(app.api_request(Method::GET, "/users/grace")).await;
    assert_eq!(other["batches"].as_array().unwrap().len(), 1);
    let (_, analytics) =
        fetch_json(app.api_request(Method::GET, "/analytics?dimension=segment:internal")).await;
    let said = json!({"event": FLAG, "property": "set", "value": "3", "count": 2, "before": 0});
    assert_eq!(analytics["properties"], json!([]), "what events say is not told apart");
    let (_, all) = fetch_json(app.api_request(Method::GET, "/analytics")).await;
    assert_eq!(all["properties"], json!([said]), "counts stay, without a user");
    assert_eq!(analytics["users"]["now"]["users"], 1);
}

#[tokio::test]
async fn the_retention_policy_is_versioned_and_validated() {
    let app = TestApp::start_app().await;
    let (status, kept) = fetch_json(app.api_request(Method::GET, "/retention-policy")).await;
    assert_eq!((status, &kept["raw_days"]), (200, &json!(7)));
    let mut none = kept.clone();
    none["raw_days"] = json!(0);
    let (status, _) =
        fetch_json(app.overwrite_request(Method::PUT, "/retention-policy").json(&none)).await;
    assert_eq!(status, 200);
    let stale =
        app.api_request(Method::PUT, "/retention-policy").header("if-match", "\"1\"").json(&kept);
    assert_eq!(fetch_json(stale).await.0, 412);
    let mut short = kept.clone();
    short["rollup_days"] = json!(30);
    let (status, problem) =
        fetch_json(app.overwrite_request(Method::PUT, "/retention-policy").json(&short)).await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().starts_with("rollup_days: 0 (no limit)"));
    // With a retention of 0 days, raw events are not written at all.
    assert_eq!(
        fetch_json(collect_request(&app, sample_batch("1", "ada", json!([{"t": "view"}])))).await.0,
        202
    );
    let (_, found) = fetch_json(app.api_request(Method::GET, "/users/ada")).await;
    assert_eq!(found["batches"], json!([]));
    let (_, maintenance) = fetch_json(app.api_request(Method::GET, "/maintenance")).await;
    assert_eq!(maintenance["storage"]["raw"], 0);
    assert!(maintenance["storage"]["database"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn panels_name_the_wrong_field_and_can_be_exported() {
    let app = TestApp::start_app().await;
    let events = json!([{"t": "custom", "name": "=cmd"}, {"t": "view"}]);
    assert_eq!(fetch_json(collect_request(&app, sample_batch("1", "ada", events))).await.0, 202);
    for (query, field) in [
        ("/analytics?range=5d", "range: "),
        ("/analytics?from=2026-13-01&to=2026-12-01", "from: "),
        ("/analytics?dimension=page:/", "dimension: "),
        ("/analytics?dimension=moon", "dimension: "),
        ("/analytics?flag=a%20b", "flag: "),
        ("/performance?by=moon", "by: "),
        ("/analytics?data=dreamt", "data: "),
    ] {
        let (status, problem) = fetch_json(app.api_request(Method::GET, query)).await;
        assert_eq!(status, 422, "{query}");
        assert!(problem["detail"].as_str().unwrap().starts_with(field), "{query}: {problem}");
    }
    let cookie = app.log_in().await;
    let get = async |path: &str| {
        let response = app.get(path).header("cookie", &cookie).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), kind, response.text().await.unwrap())
    };
    let (status, kind, text) = get("/admin/analytics.csv?panel=events").await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    assert_eq!(text, "name,count,before\r\n'=cmd,1,0\r\n", "no formula");
    let (_, _, text) = get("/admin/analytics.json?panel=users").await;
    let users: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(users[0]["users"], 1);
    assert_eq!(get("/admin/performance.csv?panel=moon").await.0, 404);
    let (status, _, text) = get("/admin/performance.csv?panel=score").await;
    assert_eq!((status, text.as_str()), (200, "score,score_before\r\n,\r\n"));
    assert_ne!(app.get("/admin/analytics.csv?panel=events").send().await.unwrap().status(), 200);
    // A page with an invalid query shows the error, and its default content.
    let (status, _, text) = get("/admin/analytics?from=yesterday").await;
    assert_eq!(status, 422);
    assert!(text.contains("from: a date such as 2026-11-25 is needed"));
}

#[tokio::test]
async fn late_events_belong_to_the_phase_in_which_they_happened() {
    let app = TestApp::start_app().await;
    let environment = app.service.first_environment().unwrap();
    let live = app.service.environment(environment).unwrap();
    assert_eq!(live.phase_at(app.now()), None);
    let actor = common::actor_with_role(phasegate_domain::accounts::Role::Admin);
    let command = RolloutCommand::new(CommandKind::Start, "a trial");
    phasegate_service::rollout::execute_command(&app.service, &actor, environment, &command, None)
        .await
        .unwrap();
    for (id, held) in [("early", 3_600_000), ("late", 0)] {
        let url = format!("/collect?key={CLIENT_KEY}&held={held}");
        let sent = app.post(&url).body(sample_batch(id, id, json!([{"t": "view"}])));
        assert_eq!(fetch_json(sent).await.0, 202);
    }
    let (_, all) = fetch_json(app.api_request(Method::GET, "/analytics")).await;
    assert_eq!(all["users"]["now"]["users"], 2);
    let (_, phase) = fetch_json(app.api_request(Method::GET, "/analytics?dimension=phase:1")).await;
    assert_eq!(phase["users"]["now"]["users"], 1, "one happened before the start");
    assert_eq!(all["annotations"][0]["text"], "Phase 1 began");
}

#[tokio::test]
async fn a_full_disk_stops_ingest_and_nothing_else() {
    phasegate_server::prepare_tls();
    let data = tempfile::tempdir().unwrap();
    let state = SqliteState::open(&data.path().join("state.db")).await.unwrap();
    let store = SqliteTelemetry::open(&data.path().join("telemetry.db")).await.unwrap();
    let variables = Variables::read_variables(std::iter::empty()).unwrap();
    let clock: phasegate_service::Clock = || std::time::SystemTime::now().into();
    let opened =
        Service::from_stores(Arc::new(state), Arc::new(store.clone()), clock, variables, [1; 32])
            .await;
    let service = Arc::new(opened.unwrap());
    let new = setup::FirstSecrets {
        email: common::EMAIL.into(),
        password: common::PASSWORD.into(),
        client_key: CLIENT_KEY.into(),
        server_token: common::SERVER_TOKEN.into(),
    };
    let plan = setup::parse_plan(include_str!("../../../app/service/plans/exercise-library.toml"))
        .unwrap();
    setup::run_first_start(&service, &new, plan, [[1; 32], [2; 32]]).await.unwrap().unwrap();
    let config = Config { data: data.path().to_owned(), ..Config::default() };
    let stop = CancellationToken::new();
    let app = AppState::new(Arc::clone(&service), config.settings(), stop.clone(), [3; 32]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(phasegate_server::serve_listener(listener, app, stop.cancelled_owned()));
    let client = reqwest::Client::new();
    let send = |id: &str| {
        let names = (0..100).map(|n| json!({"t": "custom", "name": format!("{n:0150}")}));
        let body = sample_batch(id, "ada", names.collect());
        client.post(format!("{url}/collect?key={CLIENT_KEY}")).body(body)
    };

    store.limit_pages(1).await.unwrap();
    let (status, problem) = fetch_json(send("1")).await;
    assert_eq!(status, 507);
    assert!(problem["detail"].as_str().unwrap().contains("disk is full"));
    assert!(ingest::is_full_since(&service).is_some());
    let evaluated = client
        .post(format!("{url}/ofrep/v1/evaluate/flags/{FLAG}"))
        .bearer_auth(CLIENT_KEY)
        .body(r#"{"context":{"targetingKey":"ada"}}"#);
    assert_eq!(fetch_json(evaluated).await.0, 200, "flags are answered all the same");

    store.limit_pages(u32::MAX - 1).await.unwrap();
    assert_eq!(fetch_json(send("1")).await.0, 202, "the same batch, when there is room");
    assert_eq!(ingest::is_full_since(&service), None);
}

/// Another program, such as a backup, may hold the write lock for longer than the busy timeout.
#[tokio::test]
async fn writes_to_a_locked_database_answer_503() {
    use sqlx::{ConnectOptions, Connection, SqlSafeStr};

    let app = TestApp::start_app().await;
    let hold = async |file: &str| {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(app.folder().join(file));
        let mut other = options.connect().await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE".into_sql_str()).execute(&mut other).await.unwrap();
        other
    };
    let (state, reports) = (hold("state.db").await, hold("telemetry.db").await);
    let flag = json!({"key": "LATE", "kind": "boolean"});
    let send =
        || fetch_json(collect_request(&app, sample_batch("1", "ada", json!([{"t": "view"}]))));
    let (made, stored) =
        tokio::join!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)), send());
    for (status, problem) in [made, stored] {
        assert_eq!(status, 503, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("used by another program"), "{detail}");
    }
    for held in [state, reports] {
        held.close().await.unwrap();
    }
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    assert_eq!(send().await.0, 202);
}
