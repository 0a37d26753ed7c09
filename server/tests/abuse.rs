//! The effect that one page with the public key can have within a minute on metrics, lists and
//! disks, as a table with limits. Each attack comes from its own address; other visitors have
//! theirs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test, a panic is how it fails, and it prints its table"
)]

mod common;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use common::{CLIENT_KEY, TestApp, fetch_json};
use phasegate_domain::{
    accounts::Role,
    events::{Batch, Event, EventKind, SessionHash, UserHash, Visit},
    metrics::MAX_LABELS,
    simulation::Simulation,
    time::day_of,
    vitals::Vital,
};
use phasegate_server::Config;
use phasegate_service::ingest;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// The measured effect of an attack.
struct Row {
    what: &'static str,
    found: u64,
    /// The largest allowed effect within a minute.
    bound: u64,
}

/// Starts a server that trusts a proxy, so that each request can have an address.
async fn start_server() -> TestApp {
    let trusted = Some("127.0.0.1".into());
    TestApp::start_app_with(Config { trusted_proxies: trusted, ..Config::default() }).await
}

/// Returns an address of the documentation network 203.0.113.0/24.
fn test_address(last: u8) -> String {
    Ipv4Addr::new(203, 0, 113, last).to_string()
}

/// Prepares a batch with a unique id.
fn batch_request(
    app: &TestApp,
    from: &str,
    visitor: &str,
    session: &str,
    events: &Value,
) -> RequestBuilder {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let id = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let batch = json!({"v": 1, "batch": format!("b{id}"), "session": session, "visitor": visitor,
        "events": events});
    let request = app.post(&format!("/collect?key={CLIENT_KEY}")).body(batch.to_string());
    request.header("x-forwarded-for", from)
}

/// Sends a batch and returns the number of its events that are stored; 0 if it is refused with 429
/// and a time to come back.
async fn count_stored_events(request: RequestBuilder) -> u64 {
    let answer = request.send().await.unwrap();
    match answer.status().as_u16() {
        202 => answer.json::<Value>().await.unwrap()["accepted"].as_u64().unwrap(),
        429 => {
            let pause: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!(pause > 0);
            0
        }
        other => panic!("{other}: {}", answer.text().await.unwrap()),
    }
}

/// Sends batches and returns the number of their events that are stored.
async fn send_batches(batches: usize, request: impl Fn(usize) -> RequestBuilder) -> u64 {
    let mut all = 0;
    for number in 0..batches {
        all += count_stored_events(request(number)).await;
    }
    all
}

fn repeat_event(count: usize, event: &Value) -> Value {
    vec![event.clone(); count].into()
}

fn custom_event(name: &str) -> Value {
    json!({"t": "custom", "name": name})
}

fn error_event(message: &str) -> Value {
    json!({"t": "error", "kind": "error", "type": "Error", "message": message, "page": "/"})
}

fn lcp_event(millionths: u64) -> Value {
    json!({"t": "vital", "name": "LCP", "value": millionths, "page": "/"})
}

/// Floods of events, users, sessions, vitals, errors and feedback.
async fn measure_floods(app: &TestApp) -> Vec<Row> {
    let many = repeat_event(200, &custom_event("again"));
    let one = repeat_event(1, &custom_event("again"));
    let mut rows = Vec::new();
    let mut row = |what, found, bound| rows.push(Row { what, found, bound });

    let from = test_address(1);
    let found = send_batches(30, |_| batch_request(app, &from, "v", "s", &many)).await;
    row("events of one session", found, 2_000 + 1_200);

    let from = test_address(2);
    let found =
        send_batches(50, |n| batch_request(app, &from, "w", &format!("w{}", n % 8), &many)).await;
    row("events of one visitor in many sessions", found, 4_000 + 2_400);

    let from = test_address(3);
    let found =
        send_batches(300, |n| batch_request(app, &from, &format!("i{n}"), &format!("i{n}"), &one))
            .await;
    row("users and sessions that one address invents", found, 120 + 30);

    let from = test_address(4);
    let events = repeat_event(100, &lcp_event(60_000_000));
    let found = send_batches(60, |n| {
        batch_request(app, &from, &format!("l{n}"), &format!("l{n}"), &events)
    })
    .await;
    row("vitals of one address", found, 2_400 + 600);

    let from = test_address(5);
    let events = repeat_event(10, &error_event("broken"));
    let found = send_batches(20, |_| batch_request(app, &from, "e", "e", &events)).await;
    row("errors of one visitor", found, 60 + 30);

    let from = test_address(6);
    let events = repeat_event(20, &error_event("broken"));
    let found = send_batches(100, |n| {
        batch_request(app, &from, &format!("f{n}"), &format!("f{n}"), &events)
    })
    .await;
    row("errors of one address", found, 1_000 + 600);

    let from = test_address(7);
    let events = repeat_event(20, &json!({"t": "feedback", "kind": "rating", "rating": 1}));
    let found = send_batches(100, |n| {
        batch_request(app, &from, &format!("g{n}"), &format!("g{n}"), &events)
    })
    .await;
    row("feedback of one address", found, 1_000 + 600);
    rows
}

async fn measure_uploads(app: &TestApp) -> Vec<Row> {
    let count = async |number: u8, path: &str, body: &dyn Fn(u8) -> Vec<u8>| {
        let mut taken = 0;
        for n in 0..40 {
            let request = app.post(&format!("{path}?key={CLIENT_KEY}")).body(body(n));
            let request = request.header("x-forwarded-for", test_address(number));
            match request.send().await.unwrap().status().as_u16() {
                201 | 204 => taken += 1,
                429 => {}
                other => panic!("{path}: {other}"),
            }
        }
        taken
    };
    let last_day = day_of(app.now()) - 1;
    let simulation = |n: u8| {
        let made = Simulation { users: 1, days: 1, seed: n.into(), last_day, regression: None };
        serde_json::to_vec(&made).unwrap()
    };
    let png = |n: u8| [b"\x89PNG\r\n\x1a\n".as_slice(), &[n; 32]].concat();
    vec![
        Row {
            what: "screenshots of one address",
            found: count(8, "/collect/screenshot", &png).await,
            bound: 20 + 10,
        },
        Row {
            what: "simulations that one address begins",
            found: count(9, "/collect/simulation", &simulation).await,
            bound: 10 + 6,
        },
    ]
}

/// Attacks that would take too long over HTTP; they call the check directly.
fn measure_bytes(app: &TestApp) -> Vec<Row> {
    let environment = app.service.first_environment().unwrap();
    let admitted = |address: IpAddr, session: u64, events: usize, bytes: usize| {
        let event = Event {
            at: app.now(),
            page: String::new(),
            kind: EventKind::Custom { name: "x".into() },
        };
        let mut batch = Batch {
            id: "b".into(),
            environment,
            received_at: app.now(),
            visit: Visit {
                who: Some((UserHash(session), SessionHash(session))),
                ..Visit::default()
            },
            events: vec![event; events],
            raw: Vec::new(),
        };
        ingest::admit_batch(&app.service, &mut batch, Some(address), bytes).is_ok()
    };
    let here = |last| IpAddr::from([198, 51, 100, last]);
    let events = (0..2_000).filter(|n| admitted(here(1), n % 100, 200, 1)).count();
    let megabytes = (0..2_000).filter(|_| admitted(here(2), 1, 0, 1 << 20)).count();
    vec![
        Row { what: "events of one address", found: events as u64 * 200, bound: 120_000 + 60_000 },
        Row { what: "MiB of one address on the disk", found: megabytes as u64, bound: 64 + 16 },
    ]
}

/// Returns the names of events that have a row of their own.
async fn read_event_names(app: &TestApp) -> BTreeSet<String> {
    let (_, page) = fetch_json(app.api_request(Method::GET, "/events?limit=1000")).await;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Event names that displace others: one address invents more than the limit, from many visitors
/// each.
async fn measure_displaced_labels(app: &TestApp) -> Vec<Row> {
    let from = test_address(10);
    let invented: Vec<Value> =
        (0..MAX_LABELS + 100).map(|n| custom_event(&format!("x{n}"))).collect();
    for visitor in 0..8 {
        let visitor = format!("x{visitor}");
        for part in invented.chunks(100) {
            count_stored_events(batch_request(
                app,
                &from,
                &visitor,
                &visitor,
                &part.to_vec().into(),
            ))
            .await;
        }
    }
    let planned = repeat_event(1, &custom_event("premium_conversion"));
    count_stored_events(batch_request(app, &test_address(11), "p", "p", &planned)).await;
    for last in 12..24 {
        let (from, visitor) = (test_address(last), format!("h{last}"));
        count_stored_events(batch_request(
            app,
            &from,
            &visitor,
            &visitor,
            &repeat_event(1, &custom_event("coupon_used")),
        ))
        .await;
    }
    let names = read_event_names(app).await;
    let missing = |name: &str| u64::from(!names.contains(name));
    vec![
        Row { what: "rows of events", found: names.len() as u64, bound: u64::from(MAX_LABELS) + 1 },
        Row {
            what: "events of the plan that are pushed out",
            found: missing("premium_conversion"),
            bound: 0,
        },
        Row {
            what: "events of twelve users that are pushed out",
            found: missing("coupon_used"),
            bound: 0,
        },
    ]
}

/// Paths that displace others: one address invents more than the limit, from many visitors each.
async fn measure_displaced_paths(app: &TestApp) -> Vec<Row> {
    let on = |page: &str| json!({"t": "vital", "name": "LCP", "value": 1, "page": page});
    let invented: Vec<Value> = (0..MAX_LABELS + 100).map(|n| on(&format!("/x{n}"))).collect();
    let from = test_address(41);
    for visitor in 0..8 {
        let visitor = format!("y{visitor}");
        for part in invented.chunks(100) {
            count_stored_events(batch_request(
                app,
                &from,
                &visitor,
                &visitor,
                &part.to_vec().into(),
            ))
            .await;
        }
    }
    for last in 50..62 {
        let (from, visitor) = (test_address(last), format!("k{last}"));
        count_stored_events(batch_request(
            app,
            &from,
            &visitor,
            &visitor,
            &repeat_event(1, &on("/checkout")),
        ))
        .await;
    }
    let (_, performance) =
        fetch_json(app.api_request(Method::GET, "/performance?dimension=page:/checkout")).await;
    let vitals = performance["vitals"].as_array().unwrap();
    let samples = vitals.iter().find(|vital| vital["vital"] == "LCP").unwrap()["samples"].as_u64();
    vec![Row {
        what: "paths of twelve users that are pushed out",
        found: u64::from(samples == Some(0)),
        bound: 0,
    }]
}

/// Vitals of honest visitors that are removed by forged corrections of others.
async fn measure_forged_corrections(app: &TestApp) -> Vec<Row> {
    let samples = async || {
        let environment = app.service.first_environment().unwrap();
        let actor = common::actor_with_role(Role::Viewer);
        let read =
            phasegate_service::dashboard::compute_dashboard(&app.service, &actor, environment);
        let vitals = read.await.unwrap().vitals;
        vitals.iter().find(|vital| vital.vital == Vital::Lcp).unwrap().samples
    };
    for last in 30..40 {
        let (from, visitor) = (test_address(last), format!("c{last}"));
        count_stored_events(batch_request(
            app,
            &from,
            &visitor,
            &visitor,
            &repeat_event(1, &lcp_event(2_000_000)),
        ))
        .await;
    }
    let before = samples().await;
    let mut forged = lcp_event(1);
    forged["was"] = 2_000_000.into();
    for n in 0..20 {
        let visitor = format!("z{n}");
        count_stored_events(batch_request(
            app,
            &test_address(40),
            &visitor,
            &visitor,
            &repeat_event(1, &forged),
        ))
        .await;
    }
    let changed = before.abs_diff(samples().await);
    vec![Row { what: "vitals of others that forged corrections change", found: changed, bound: 0 }]
}

#[tokio::test]
async fn one_page_with_the_public_key_is_bounded() {
    let app = start_server().await;
    let mut rows = measure_forged_corrections(&app).await;
    rows.extend(measure_displaced_labels(&app).await);
    rows.extend(measure_displaced_paths(&app).await);
    rows.extend(measure_floods(&app).await);
    rows.extend(measure_uploads(&app).await);
    rows.extend(measure_bytes(&app));
    println!("{:>8} {:>8}  in a minute", "found", "at most");
    for Row { what, found, bound } in &rows {
        println!("{found:>8} {bound:>8}  {what}");
    }
    for Row { what, found, bound } in &rows {
        assert!(found <= bound, "{what}: {found}, at most {bound}");
        assert!(*bound == 0 || *found > 0, "{what}: nothing is taken at all");
    }
    // Other visitors are not refused in the meantime, and rejections are counted where users look.
    let other = batch_request(
        &app,
        &test_address(200),
        "other",
        "other",
        &repeat_event(1, &error_event("broken")),
    );
    assert_eq!(count_stored_events(other).await, 1);
    ingest::write_rejections(&app.service).await.unwrap();
    let refused =
        fetch_json(app.api_request(Method::GET, "/maintenance")).await.1["rejections"].to_string();
    for what in ["session_events", "address_sessions", "unknown_previous"] {
        assert!(refused.contains(what), "{what}: {refused}");
    }
}
