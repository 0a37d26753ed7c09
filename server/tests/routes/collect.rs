//! `POST /collect` over a real listener.

use crate::common::{self, CLIENT_KEY, SERVER_TOKEN, TestApp, fetch_json};
use phasegate_domain::{accounts::Role, feedback::MAX_SCREENSHOTS_PER_MINUTE, reports::Dashboard};
use phasegate_domain::{time::minute_of, vitals::Vital};
use serde_json::json;

async fn read_dashboard(app: &TestApp) -> Dashboard {
    let environment = app.service.first_environment().unwrap();
    let actor = common::actor_with_role(Role::Viewer);
    phasegate_service::dashboard::compute_dashboard(&app.service, &actor, environment)
        .await
        .unwrap()
}

fn sample_batch(id: &str) -> serde_json::Value {
    json!({"v": 1, "batch": id, "session": "s", "events": [
        {"t": "vital", "age": 10, "page": "/demo", "name": "LCP", "value": 1_840_000},
        {"t": "vital", "name": "SPEED", "value": 1},
        {"t": "exposure", "flag": "AI_EXERCISE_COACHING", "variant": "off"},
        {"t": "use", "flag": "NOPE"},
        {"t": "error", "page": "/demo", "message": "Boom"},
        {"t": "feedback", "rating": 9},
        {"t": "exposure", "flag": "AI_EXERCISE_COACHING", "variant": "purple"},
    ]})
}

#[tokio::test]
async fn valid_events_are_stored_and_others_rejected_with_a_reason() {
    let app = TestApp::start_app().await;
    let path = format!("/collect?key={CLIENT_KEY}");
    let (status, receipt) = fetch_json(app.post(&path).body(sample_batch("1").to_string())).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(3)));
    let rejected = receipt["rejected"].as_array().unwrap();
    let reasons: Vec<_> = rejected
        .iter()
        .map(|r| (r["index"].as_u64().unwrap(), r["reason"].as_str().unwrap()))
        .collect();
    let fields: Vec<_> = rejected.iter().map(|r| r["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "flag", "rating", "variant"]);
    assert_eq!(reasons[0], (1, "name: there is no vital \"SPEED\""));
    assert_eq!(reasons[1], (3, "flag: there is no flag \"NOPE\" in this environment"));
    assert_eq!(reasons[2], (5, "rating: 1 to 5"));
    assert_eq!(reasons[3], (6, "variant: AI_EXERCISE_COACHING has no variant \"purple\""));

    // The same batch with a server token: accepted, but not counted again.
    let again = app.post("/collect").bearer_auth(SERVER_TOKEN).body(sample_batch("1").to_string());
    let (status, receipt) = fetch_json(again).await;
    assert_eq!((status, &receipt["repeated"]), (202, &json!(true)));

    let dashboard = read_dashboard(&app).await;
    let lcp = &dashboard.vitals[0];
    assert_eq!((lcp.vital, lcp.samples), (Vital::Lcp, 1));
    assert!((lcp.p75.unwrap() - 1_840_000.0).abs() < 18_400.0);
    assert_eq!(dashboard.errors.count, 1);
    assert_eq!(dashboard.dropped, 4, "what was refused is counted");
    assert_eq!(dashboard.errors.recent[0].report.message, "Boom");
    assert!((0..=1).contains(&(minute_of(app.now()) - lcp.points[0].minute)));
}

/// Pages without the collector send a field `alone`; an app may have a property with the same name.
#[tokio::test]
async fn a_property_named_alone_does_not_lose_the_batch() {
    let app = TestApp::start_app().await;
    let batch = json!({"v": 1, "batch": "a", "session": "s", "visitor": "v",
        "events": [{"t": "custom", "name": "trained", "props": {"alone": "yes"}}]});
    let sent = app.post(&format!("/collect?key={CLIENT_KEY}")).body(batch.to_string());
    let (status, receipt) = fetch_json(sent).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(1)), "{receipt}");
}

#[tokio::test]
async fn bad_batches_are_refused_with_a_reason() {
    let app = TestApp::start_app().await;
    let path = format!("/collect?key={CLIENT_KEY}");
    let good = sample_batch("1").to_string();

    let (status, problem) = fetch_json(app.post("/collect").body(good.clone())).await;
    assert_eq!(status, 401);
    assert!(problem["detail"].as_str().unwrap().contains("key or server token is needed"));
    assert_eq!(fetch_json(app.post("/collect?key=a&key=b").body(good.clone())).await.0, 400);
    let deep = "[".repeat(30_000);
    assert_eq!(fetch_json(app.post(&path).body(deep)).await.0, 400);
    assert_eq!(fetch_json(app.post("/collect?key=nope").body(good.clone())).await.0, 401);
    for path in ["/collect", "/collect/screenshot", "/collect/simulation"] {
        let misspelt = app.post(&format!("{path}?key={CLIENT_KEY}&hled=5")).body(good.clone());
        let (status, problem) = fetch_json(misspelt).await;
        assert_eq!(status, 400, "{path}");
        assert!(problem["detail"].as_str().unwrap().contains("`hled`"), "{problem}");
    }

    let (status, problem) = fetch_json(app.post(&path).body("{\"v\":1")).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().starts_with("the body is not a batch"));
    let (status, problem) =
        fetch_json(app.post(&path).body(good.replace("\"v\":1", "\"v\":7"))).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().starts_with("v: this server reads version 1"));
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][0]["code"]),
        (&json!("v"), &json!("invalid"))
    );

    let (status, problem) = fetch_json(app.post(&path).body("x".repeat(70_000))).await;
    assert_eq!(status, 413);
    assert_eq!(problem["title"], "Payload Too Large");
}

#[tokio::test]
async fn many_batches_at_once_are_all_stored() {
    let app = TestApp::start_app().await;
    let path = format!("/collect?key={CLIENT_KEY}");
    let sending = (0..200)
        .map(|n| fetch_json(app.post(&path).body(sample_batch(&n.to_string()).to_string())));
    let receipts = futures::future::join_all(sending).await;
    assert!(receipts.iter().all(|(status, _)| *status == 202));
    let dashboard = read_dashboard(&app).await;
    assert_eq!(dashboard.errors.count, 200);
    assert_eq!(dashboard.vitals[0].samples, 200);
}

#[tokio::test]
async fn a_screenshot_is_only_shown_after_a_login() {
    let app = TestApp::start_app().await;
    let path = format!("/collect/screenshot?key={CLIENT_KEY}");
    let png = b"\x89PNG\r\n\x1a\n and the rest of it".to_vec();
    let (status, receipt) = fetch_json(app.post(&path).body(png.clone())).await;
    assert_eq!(status, 201);
    let id = receipt["id"].as_str().unwrap().to_owned();
    let (_, again) = fetch_json(app.post(&path).body(png)).await;
    assert_eq!(again["id"].as_str(), Some(id.as_str()), "sent twice, kept once");

    let said = |screenshot: &str| {
        json!({"v": 1, "batch": screenshot, "session": "s", "events": [
            {"t": "feedback", "kind": "bug", "message": "Look", "screenshot": screenshot}]})
        .to_string()
    };
    let collect = format!("/collect?key={CLIENT_KEY}");
    let (_, receipt) = fetch_json(app.post(&collect).body(said(&id))).await;
    assert_eq!(receipt["accepted"], 1);
    let (_, receipt) = fetch_json(app.post(&collect).body(said("../../etc/passwd"))).await;
    let reason = receipt["rejected"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("screenshot: the id that"), "{reason}");
    assert_eq!(read_dashboard(&app).await.feedback[0].report.screenshot, id);

    let address = format!("/admin/screenshots/{id}");
    let stranger = app.get(&address).send().await.unwrap();
    assert_eq!(stranger.status(), 303, "only for users who are logged in");
    assert!(stranger.headers()["location"].to_str().unwrap().starts_with("/login"));
}

#[tokio::test]
async fn screenshots_of_other_types_are_refused() {
    let app = TestApp::start_app().await;
    let path = format!("/collect/screenshot?key={CLIENT_KEY}");
    let (status, problem) = fetch_json(app.post(&path).body("<svg onload=alert(1)>")).await;
    assert_eq!(status, 415);
    assert!(problem["detail"].as_str().unwrap().contains("PNG, JPEG or WebP"));
    let mut huge = b"\x89PNG\r\n\x1a\n".to_vec();
    huge.resize(2 * 1024 * 1024 + 1, 0);
    assert_eq!(fetch_json(app.post(&path).body(huge)).await.0, 413);
    assert_eq!(fetch_json(app.post("/collect/screenshot?key=nope").body("x")).await.0, 401);
    // A new minute may begin in between, so the limit of two minutes is exceeded.
    let mut statuses = Vec::new();
    while !statuses.contains(&503) && statuses.len() <= 2 * MAX_SCREENSHOTS_PER_MINUTE as usize {
        let number = statuses.len().to_string();
        let body = [b"\x89PNG\r\n\x1a\n".as_slice(), number.as_bytes()].concat();
        statuses.push(fetch_json(app.post(&path).body(body)).await.0);
    }
    assert_eq!(statuses.last(), Some(&503), "so many in a minute, and no more");
    assert!(statuses.len() > MAX_SCREENSHOTS_PER_MINUTE as usize);
}

#[tokio::test]
async fn compressed_batches_are_accepted_and_bombs_are_refused() {
    use std::io::Write;
    let app = TestApp::start_app().await;
    let path = format!("/collect?key={CLIENT_KEY}");
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let packed = |text: &str| app.post(&path).header("content-encoding", "gzip").body(gzip(text));
    let (status, receipt) = fetch_json(packed(&sample_batch("packed").to_string())).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(3)));
    let bomb = format!("{{\"v\":1{}", " ".repeat(50_000_000));
    assert!(gzip(&bomb).len() < 60_000, "small on the way");
    assert_eq!(fetch_json(packed(&bomb)).await.0, 413);
    let broken = app.post(&path).header("content-encoding", "gzip").body("no gzip at all");
    assert_eq!(fetch_json(broken).await.0, 400);
    let unknown = app.post(&path).header("content-encoding", "lzma").body("x");
    assert_eq!(unknown.send().await.unwrap().status(), 415);
}
