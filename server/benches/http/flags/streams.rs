//! Event streams: the memory that clients cost, and how soon a change reaches them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

use crate::{child::Server, evaluations::Times};

/// Number of changes, made one after the other.
const CHANGES: usize = 5;

/// Time after which a client counts as not reached.
const PATIENCE: Duration = Duration::from_secs(20);

/// The arrival of the last change at each client. The clients share the cores with the server, so
/// recording must be cheap: each client has its own slot, and only the last one to arrive wakes the
/// waiting task.
pub(crate) struct Arrivals {
    begun: Instant,
    /// Nanoseconds since `begun` by client; 0 if the change has not arrived.
    at: Vec<AtomicU64>,
    missing: AtomicUsize,
    complete: Notify,
}

impl Arrivals {
    fn new(clients: usize) -> Arc<Self> {
        let at = (0..clients).map(|_| AtomicU64::new(0)).collect();
        let missing = AtomicUsize::new(clients);
        Arc::new(Self { begun: Instant::now(), at, missing, complete: Notify::new() })
    }

    pub(crate) fn now(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }

    fn record_arrival(&self, client: usize) {
        let before = self.at[client].swap(self.now(), Ordering::Relaxed);
        if before == 0 && self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.complete.notify_one();
        }
    }

    /// Waits for all clients, but at most [`PATIENCE`]. Returns the seconds from `sent` to each
    /// arrival, and resets the slots.
    pub(crate) async fn wait_for_all(&self, sent: u64) -> Vec<f32> {
        let _ = tokio::time::timeout(PATIENCE, self.complete.notified()).await;
        self.missing.store(self.at.len(), Ordering::Release);
        let at = self.at.iter().map(|at| at.swap(0, Ordering::Relaxed)).filter(|at| *at > 0);
        at.map(|at| at.saturating_sub(sent) as f32 / 1e9).collect()
    }
}

/// Number of rounds, of which the median counts: a single p99 depends on what else the machine does.
const ROUNDS: usize = 3;

/// One round: Phasegate, then the bare server.
struct Round {
    ours: Times,
    bare: Times,
    /// MB before the clients and with all of them.
    memory: (u64, u64),
    /// Arrivals that did not come in time.
    missing: usize,
}

impl Round {
    fn ratio(&mut self) -> f64 {
        self.ours.quantile(0.99) / self.bare.quantile(0.99)
    }
}

/// Measures how soon changes reach the clients of Phasegate and of the bare server, in several rounds,
/// and prints the median one.
pub(crate) async fn measure_streams(clients: usize) {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = measure_round(clients).await;
        rounds.push((round.ratio(), round));
    }
    rounds.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (least, most) = (rounds[0].0, rounds[ROUNDS - 1].0);
    let missing: usize = rounds.iter().map(|(_, round)| round.missing).sum();
    let (ratio, median) = &mut rounds[ROUNDS / 2];
    let (before, idle) = median.memory;
    println!("\n{clients} clients listen, {CHANGES} changes by the API, median of {ROUNDS} rounds");
    println!(
        "  memory {before} MB before, {idle} MB with all of them   (budget: 250 MB for 10,000)"
    );
    println!("  {:<18} {:>10} {:>10}   from a change to the client", "", "p50 ms", "p99 ms");
    for (name, times) in [("bare TCP", &mut median.bare), ("phasegate", &mut median.ours)] {
        println!("  {name:<18} {:>10.1} {:>10.1}", times.quantile(0.5), times.quantile(0.99));
    }
    println!(
        "  ratio of p99 {ratio:.1}, in the rounds {least:.1} to {most:.1}   (budget: at most 2)"
    );
    println!("  {missing} not reached   (budget: p99 100 ms)");
}

/// Connects clients to Phasegate and then to the bare server.
async fn measure_round(clients: usize) -> Round {
    let server = Server::start_phasegate().await;
    let before = server.memory_mb();
    server.call_api("POST", "/flags", &json!({"key": "LIVE", "kind": "boolean"})).await;
    let ours = connect_clients(&server.address, &subscription_request(&server), clients).await;
    let idle = server.memory_mb();
    let mut our_times = Times::default();
    let mut missing = 0;
    for change in 0..CHANGES {
        let flag = json!({"key": "LIVE", "kind": "boolean", "description": "live", "enabled": change % 2 == 1});
        let sent = ours.now();
        server.call_api("PUT", "/flags/LIVE", &flag).await;
        let taken = ours.wait_for_all(sent).await;
        missing += clients - taken.len();
        our_times.add_times(&taken);
    }
    drop(server);
    let bare = measure_bare_fan_out(clients).await;
    Round { ours: our_times, bare, memory: (before, idle), missing }
}

/// Returns the request that opens a stream of changes.
pub(crate) fn subscription_request(server: &Server) -> String {
    format!(
        "GET /ofrep/v1/stream HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        server.address, server.client_key
    )
}

/// Measures the bare server, which only writes the same bytes to each client.
async fn measure_bare_fan_out(clients: usize) -> Times {
    let server = Server::start_bare_fan_out().await;
    let arrivals = connect_clients(&server.address, "listen", clients).await;
    let mut change = TcpStream::connect(&server.address).await.unwrap();
    let mut times = Times::default();
    for _ in 0..CHANGES {
        let sent = arrivals.now();
        change.write_all(b"change").await.unwrap();
        times.add_times(&arrivals.wait_for_all(sent).await);
    }
    times
}

/// Connects clients that send `request`, waits for each answer, and records arrivals in the
/// background.
pub(crate) async fn connect_clients(address: &str, request: &str, clients: usize) -> Arc<Arrivals> {
    let arrivals = Arrivals::new(clients);
    for client in 0..clients {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = [0_u8; 1_024];
        let read = stream.read(&mut buffer).await.unwrap();
        let head = String::from_utf8_lossy(&buffer[..read]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        tokio::spawn(listen_for_events(stream, client, Arc::clone(&arrivals)));
    }
    arrivals
}

/// Records the arrival of each event.
async fn listen_for_events(mut stream: TcpStream, client: usize, arrivals: Arc<Arrivals>) {
    let mut buffer = [0_u8; 1_024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if buffer[..read].windows(17).any(|window| window == b"refetchEvaluation") {
            arrivals.record_arrival(client);
        }
    }
}
