//! Ingest under load: events that are acknowledged after their commit, over HTTP. Prints a table;
//! asserts nothing about time.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark is a test of its own kind, prints, and shares files with another one"
)]

#[path = "../flags/bare.rs"]
mod bare;
#[path = "../flags/child.rs"]
mod child;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use child::Server;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Events of a batch.
const EVENTS: usize = 50;

/// How long the server is loaded.
const LENGTH: Duration = Duration::from_secs(10);

/// Connections that send one batch after the other. Each waits for its commit, so the groups are
/// as large as this.
const CONNECTIONS: usize = 256;

#[tokio::main]
async fn main() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let server = Arc::new(Server::phasegate().await);
    let idle = server.memory_mb();
    let events = Arc::new(serde_json::to_string(&events()).unwrap());
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            tokio::spawn(work(Arc::clone(&server), Arc::clone(&events), Arc::clone(&next), begun))
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_by(f32::total_cmp);
    let at = |q: f64| times[((times.len() - 1) as f64 * q) as usize] * 1_000.0;
    let acknowledged = times.len() * EVENTS;
    println!(
        "\nbatches of {EVENTS} events by {CONNECTIONS} connections for {seconds:.0} s, acknowledged after the commit"
    );
    println!("  {:.0} events/s   (budget: 100,000)", acknowledged as f64 / seconds);
    println!("  a batch takes p50 {:.0} ms, p99 {:.0} ms", at(0.5), at(0.99));
    println!(
        "  memory {idle} MB idle, {} MB under load   (budgets: 60 and 250)",
        server.memory_mb()
    );
    let megabytes = server.data_bytes() as f64 / 1e6;
    println!(
        "  disk {megabytes:.1} MB for {acknowledged} events: {:.1} MB per million",
        megabytes * 1e6 / acknowledged as f64
    );
}

/// What a visit of an app with nine flags reports.
fn events() -> Vec<Value> {
    let kinds = [
        json!({"t": "view", "page": "/exercises"}),
        json!({"t": "vital", "page": "/exercises", "name": "LCP", "value": 1_840_000}),
        json!({"t": "vital", "page": "/exercises", "name": "INP", "value": 120_000}),
        json!({"t": "exposure", "flag": "ENHANCED_EXERCISE_LIBRARY", "variant": "on"}),
        json!({"t": "use", "flag": "ENHANCED_EXERCISE_LIBRARY"}),
        json!({"t": "timing", "page": "/exercises", "kind": "api", "name": "/api/exercises/:id", "value": 98_000}),
        json!({"t": "custom", "name": "set_logged"}),
        json!({"t": "task", "name": "workout", "outcome": "started"}),
        json!({"t": "engaged", "flag": "ENHANCED_EXERCISE_LIBRARY", "value": 30_000_000}),
        json!({"t": "timing", "page": "/exercises", "kind": "render", "name": "list", "value": 8_000}),
    ];
    kinds.iter().cycle().take(EVENTS).cloned().collect()
}

/// Sends batches, each of a session of its own, by one of some thousand people.
async fn work(
    server: Arc<Server>,
    events: Arc<String>,
    next: Arc<AtomicU64>,
    begun: Instant,
) -> Vec<f32> {
    let mut connection = TcpStream::connect(&server.address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    let (mut buffer, mut times) = (vec![0_u8; 4_096], Vec::new());
    while begun.elapsed() < LENGTH {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let device = ["phone", "tablet", "desktop"][(number % 3) as usize];
        let body = format!(
            r#"{{"v":1,"batch":"b{number}","session":"s{number}","visitor":"v{}","device":"{device}","release":"1.{}","exposed":{{"ENHANCED_EXERCISE_LIBRARY":"on","EXERCISE_PROGRESS_TRACKING":"off"}},"events":{events}}}"#,
            number % 5_000,
            number % 4,
        );
        let head = format!(
            "POST /collect?key={} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
            server.client_key,
            server.address,
            body.len()
        );
        let sent = Instant::now();
        connection.write_all((head + &body).as_bytes()).await.unwrap();
        let read = connection.read(&mut buffer).await.unwrap();
        let answer = String::from_utf8_lossy(&buffer[..read]);
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        times.push(sent.elapsed().as_secs_f32());
    }
    times
}
