//! Segments with long lists of ids: their memory, and the cost of a flag change beside them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    BULK,
    streams::{connect_clients, subscription_request},
};
use crate::{child::Server, evaluations as load};

const SEGMENTS: usize = 50;

/// Number of ids in each segment.
const IDS: usize = 10_000;

const CLIENTS: usize = 1_000;

/// Number of times that the flag is switched.
const CHANGES: usize = 20;

/// Number of restarts, of which the median counts: memory differs by up to 1 MB between two starts.
const RESTARTS: usize = 5;

/// Restarts the server several times, and returns the last one with the median of its memory in KiB.
async fn measure_restarts(mut server: Server) -> (Server, u64) {
    let mut kilobytes = Vec::new();
    for _ in 0..RESTARTS {
        server = server.restart_on_same_data().await;
        kilobytes.push(server.own_memory_kb().await);
    }
    kilobytes.sort_unstable();
    (server, kilobytes[RESTARTS / 2])
}

/// Prints memory use, write latency, the delay until clients hear of a change, and evaluation
/// latency.
pub(crate) async fn measure_large_segments() {
    let server = Server::start_phasegate().await;
    server.call_api("POST", "/flags", &json!({"key": "LIVE", "kind": "boolean"})).await;
    let (server, empty) = measure_restarts(server).await;
    let before = server.memory_mb();
    let mut stored = 0;
    for segment in 0..SEGMENTS {
        let ids: Vec<String> = (0..IDS).map(|id| format!("user-{segment:02}-{id:06}")).collect();
        let condition = json!({"attribute": "targetingKey", "operator": "in", "value": ids});
        let key = format!("list_{segment}");
        let segment = json!({"key": key, "name": key, "condition": condition});
        stored += condition.to_string().len();
        server.call_api("POST", "/segments", &segment).await;
    }
    let after = server.memory_mb();
    let listening = connect_clients(&server.address, &subscription_request(&server), CLIENTS).await;

    let body = r#"{"context": {"targetingKey": "user-07-001234"}}"#;
    let request = load::Request::new(&server.address, BULK, &server.client_key, body);
    let (mut quiet, mut busy) = (load::Times::default(), load::Times::default());
    load::measure_rate(&request, 2, Duration::from_secs(3), &mut quiet).await;
    let (mut writes, mut arrivals) = (load::Times::default(), load::Times::default());
    let changes = async {
        for change in 0..CHANGES {
            let act = if change % 2 == 0 { "off" } else { "on" };
            let (sent, begun) = (listening.now(), Instant::now());
            server.call_api("POST", &format!("/flags/LIVE/{act}"), &json!({})).await;
            writes.add_times(&[begun.elapsed().as_secs_f32()]);
            arrivals.add_times(&listening.wait_for_all(sent).await);
        }
    };
    tokio::join!(changes, load::measure_rate(&request, 2, Duration::from_secs(6), &mut busy));
    let megabytes = stored as f64 / 1e6;
    println!("\n{SEGMENTS} segments of {IDS} ids, {megabytes:.1} MB of JSON");
    println!(
        "  memory {before} MB before, {after} MB after them and {} MB in the end",
        server.memory_mb()
    );
    println!("  {:<26} {:>10} {:>10}", "", "p50 ms", "p99 ms");
    for (name, times) in [
        ("a write", &mut writes),
        ("heard by 1,000 clients", &mut arrivals),
        ("evaluation", &mut quiet),
        ("evaluation during writes", &mut busy),
    ] {
        println!("  {name:<26} {:>10.2} {:>10.2}", times.quantile(0.5), times.quantile(0.99));
    }
    println!("  (budgets: a write 20 ms, heard in p99 100 ms)");
    // A restarted process holds only what it has loaded; the first one also holds memory that the
    // writes needed.
    let (_, full) = measure_restarts(server).await;
    let held = full.saturating_sub(empty) as f64 * 1_024.0;
    println!(
        "  after a restart {:.1} MB more than without them, {:.2} x what is stored, medians of {RESTARTS}   (budget: 1.3 x)",
        held / 1e6,
        held / stored as f64
    );
}
