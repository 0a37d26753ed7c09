//! What one visitor, session or address can do to the numbers and the room of everybody else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use std::time::Duration;

use common::{CLIENT_KEY, TestApp, json};
use phasegate_domain::{dashboard::Dashboard, people::Role, vitals::Vital};
use phasegate_server::Config;
use phasegate_service::telemetry;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A page's batch. Each visitor has a session of their own.
fn send(app: &TestApp, id: &str, visitor: &str, events: &Value) -> RequestBuilder {
    let batch = json!({"v": 1, "batch": id, "session": format!("s-{visitor}"), "visitor": visitor,
        "events": events});
    app.post(&format!("/collect?key={CLIENT_KEY}")).body(batch.to_string())
}

async fn taken(request: RequestBuilder) -> Value {
    let (status, receipt) = json(request).await;
    assert_eq!(status, 202, "{receipt}");
    receipt
}

/// How often an event was counted under its name, when so many were counted in all.
async fn counted(app: &TestApp, name: &str, all: u64) -> u64 {
    for _ in 0..400 {
        let (_, page) = json(app.api(Method::GET, "/events?limit=1000")).await;
        let items = page["items"].as_array().unwrap();
        let sum: u64 = items.iter().map(|item| item["count"].as_u64().unwrap()).sum();
        if sum >= all {
            let found = items.iter().find(|item| item["name"] == name);
            return found.map_or(0, |item| item["count"].as_u64().unwrap());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there were never {all} events");
}

async fn dashboard(app: &TestApp) -> Dashboard {
    let environment = app.service.first_environment().unwrap();
    let actor = common::actor(Role::Viewer);
    phasegate_service::dashboard::dashboard(&app.service, &actor, environment).await.unwrap()
}

fn invented(from: usize) -> Value {
    (from..from + 100).map(|n| json!({"t": "custom", "name": format!("invented_{n}")})).collect()
}

fn custom(name: &str) -> Value {
    json!([{"t": "custom", "name": name}])
}

/// One page invents as many names as have rows of their own.
async fn flood(app: &TestApp) {
    for n in 0..6 {
        taken(send(app, &format!("flood-{n}"), "flooder", &invented(n * 100))).await;
    }
    counted(app, "", 600).await;
}

#[tokio::test]
async fn invented_names_do_not_keep_out_what_several_visitors_send() {
    let app = TestApp::start().await;
    flood(&app).await;
    for n in 0..4 {
        taken(send(&app, &format!("b{n}"), &format!("visitor-{n}"), &custom("coupon_used"))).await;
    }
    let found = counted(&app, "coupon_used", 604).await;
    assert!(found >= 2, "from the second visitor on it has a row of its own, found {found}");
}

#[tokio::test]
async fn what_the_plan_names_has_its_place_from_the_first_event() {
    let app = TestApp::start().await;
    flood(&app).await;
    taken(send(&app, "b", "the-only-one", &custom("premium_conversion"))).await;
    assert_eq!(counted(&app, "premium_conversion", 601).await, 1);
}

/// A correction takes a value away again: nobody takes away what others have sent.
#[tokio::test]
async fn a_forged_correction_changes_no_number() {
    let app = TestApp::start().await;
    let vital = |value: u64| json!({"t": "vital", "name": "LCP", "value": value, "page": "/"});
    for n in 0..3 {
        let events = json!([{"t": "view", "page": "/"}, vital(2_000_000)]);
        taken(send(&app, &format!("b{n}"), &format!("v{n}"), &events)).await;
    }
    for n in 0..3 {
        let forged =
            json!([{"t": "vital", "name": "LCP", "value": 1, "was": 2_000_000, "page": "/"}]);
        taken(send(&app, &format!("forged-{n}"), "forger", &forged)).await;
    }
    taken(send(&app, "last", "v9", &json!([{"t": "custom", "name": "last"}]))).await;
    assert_eq!(counted(&app, "last", 1).await, 1);
    let dashboard = dashboard(&app).await;
    let lcp = dashboard.vitals.iter().find(|vital| vital.vital == Vital::Lcp).unwrap();
    assert_eq!(lcp.samples, 3);
    assert!(lcp.p75.unwrap() > 1_900_000.0, "{lcp:?}");
    telemetry::write_refusals(&app.service).await.unwrap();
    let refused = json(app.api(Method::GET, "/upkeep")).await.1["refused"].to_string();
    assert!(refused.contains("no such value of this session"), "{refused}");
}

/// A flood from one address, whatever visitors it invents, takes no room from what others report.
#[tokio::test]
async fn one_address_does_not_push_reports_out() {
    let trusted = Config { trusted_proxies: Some("127.0.0.1".into()), ..Config::default() };
    let app = TestApp::start_with(trusted).await;
    let error = |n: usize| json!({"t": "error", "kind": "error", "type": "Error", "message": format!("broken {n}"), "page": "/"});
    let from = |address: &str, id: &str, visitor: &str, events: &Value| {
        send(&app, id, visitor, events).header("x-forwarded-for", address)
    };
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..100 {
        let events: Value = (0..20).map(|m| error(n * 20 + m)).collect();
        let answer = from("203.0.113.7", &format!("f{n}"), &format!("v{n}"), &events);
        let answer = answer.send().await.unwrap();
        match answer.status().as_u16() {
            202 => accepted += 20,
            429 => {
                let pause: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                assert!(pause > 0, "and a time to come back");
                refused += 20;
            }
            other => panic!("{other}"),
        }
    }
    assert!(accepted <= 1_100, "{accepted} of {} were taken", accepted + refused);
    let other = from("198.51.100.1", "other", "somebody", &json!([error(1)]));
    assert_eq!(taken(other).await["accepted"], 1, "others are not refused");
}

/// A session that sends without end is paused, and its neighbours behind the same address are not.
#[tokio::test]
async fn one_session_is_paused_alone() {
    let app = TestApp::start().await;
    let events: Value = (0..200).map(|_| json!({"t": "custom", "name": "again"})).collect();
    let mut sent = 0;
    let paused = loop {
        let answer = send(&app, &format!("b{sent}"), "endless", &events).send().await.unwrap();
        if answer.status() != 202 {
            break answer;
        }
        sent += 1;
        assert!(sent < 50, "it is never paused");
    };
    assert_eq!(paused.status(), 429);
    assert!(paused.headers().contains_key("retry-after"));
    taken(send(&app, "neighbour", "neighbour", &events)).await;
}
