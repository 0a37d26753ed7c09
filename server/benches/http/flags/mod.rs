//! The flag service under load, beside a bare axum endpoint in the same run, and thousands of
//! clients that listen for changes. Prints a table; asserts nothing about time.

mod large;
mod stalled;
mod streams;

use std::time::Duration;

use serde_json::json;

use crate::{child::Server, evaluations as load};

/// How long each side is loaded in one round.
const ROUND: Duration = Duration::from_secs(2);

/// Rounds per server, alternating. The reported ratio is the median of the ratios of neighbouring
/// rounds, so that other load on the machine affects both sides.
const ROUNDS: usize = 7;

/// Connections that send one request after the other.
const CONNECTIONS: usize = 32;

pub(crate) const BULK: &str = "/ofrep/v1/evaluate/flags";

/// Measures evaluations, stalled clients, large segments, and event streams.
pub(crate) async fn measure_flags() {
    let server = Server::start_phasegate().await;
    create_tenth_flag(&server).await;
    measure_evaluations(&server).await;
    stalled::measure_stalled_clients(&server).await;
    drop(server);
    large::measure_large_segments().await;
    for clients in [100, 1_000, 10_000] {
        // Each size gets a fresh server, because a process keeps memory that it once used. The
        // clients share one thread, so that they leave the other cores to the server.
        let clients = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(streams::measure_streams(clients));
        });
        clients.join().unwrap();
    }
}

/// Adds a tenth flag, which has a rule, to the nine flags of the plan.
async fn create_tenth_flag(server: &Server) {
    let rule = json!({"condition": {"attribute": "plan", "operator": "equals", "value": "pro"}, "variant": "on", "share": 50});
    server
        .call_api("POST", "/flags", &json!({"key": "TENTH", "kind": "boolean", "rules": [rule]}))
        .await;
}

async fn measure_evaluations(server: &Server) {
    let context = json!({"context": {"targetingKey": "user-12345", "plan": "pro", "country": "DE",
        "groups": ["customers"], "workouts_last_30_days": 4, "signed_up_at": "2025-03-04T05:06:07Z"}});
    let body = context.to_string();
    let ours = load::Request::new(&server.address, BULK, &server.client_key, &body);
    let answer = load::send_once(&ours).await;
    let (_, json) = answer.split_once("\r\n\r\n").unwrap();
    let bare = Server::start_bare(json).await;
    let theirs = load::Request::new(&bare.address, "/", "none", &body);
    assert!(answer.contains("\"TENTH\"") && answer.contains("\"bucket\""), "{answer}");
    let flags = answer.matches("\"variant\"").count();
    let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
    let (mut our_times, mut their_times) = (load::Times::default(), load::Times::default());
    for _ in 0..ROUNDS {
        their_rates.push(load::measure_rate(&theirs, CONNECTIONS, ROUND, &mut their_times).await);
        our_rates.push(load::measure_rate(&ours, CONNECTIONS, ROUND, &mut our_times).await);
    }
    let mut ratios: Vec<f64> =
        our_rates.iter().zip(&their_rates).map(|(ours, theirs)| ours / theirs).collect();
    let (ours, theirs) = (median(&mut our_rates), median(&mut their_rates));
    println!("\nOFREP bulk, {flags} flags, {CONNECTIONS} connections, median of {ROUNDS} rounds");
    println!("  {:<18} {:>10} {:>10} {:>10}", "", "requests/s", "p50 ms", "p99 ms");
    for (name, rate, times) in
        [("bare axum", theirs, &mut their_times), ("phasegate", ours, &mut our_times)]
    {
        let (p50, p99) = (times.quantile(0.5), times.quantile(0.99));
        println!("  {name:<18} {rate:>10.0} {p50:>10.2} {p99:>10.2}");
    }
    let ratio = median(&mut ratios) * 100.0;
    println!("  ratio {ratio:.0} %   (budget: at least 65 %)");
    println!("  memory after it: {} MB", server.memory_mb());
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
