//! Clients that send batches, each over its own connection. They run in a child process with low
//! priority, because real clients run on other machines and take no time from the server.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::child::Server;

/// Events of a batch.
pub(crate) const EVENTS: usize = 50;

/// State that all connections of a load share.
pub(crate) struct Load {
    address: String,
    key: String,
    events: String,
    /// The number of the next batch.
    next: AtomicU64,
    ends: AtomicBool,
    /// Batches that were acknowledged; `refused` counts answers with status 503.
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// The result of a load.
#[derive(Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) seconds: f64,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    /// Milliseconds from a batch to its acknowledgement: quantiles and maximum.
    pub(crate) p50: f32,
    pub(crate) p99: f32,
    pub(crate) longest: f32,
}

impl Outcome {
    pub(crate) fn events_per_second(&self) -> f64 {
        self.acknowledged as f64 * EVENTS as f64 / self.seconds
    }
}

/// The argument that makes this program generate a load and nothing else.
pub(crate) const LOAD: &str = "--load";

/// Loads a server over `connections` connections for `length`, from a child process.
pub(crate) async fn load_server(server: &Server, connections: usize, length: Duration) -> Outcome {
    let own = std::env::current_exe().unwrap();
    let (connections, seconds) = (connections.to_string(), length.as_secs().to_string());
    let mut command = Command::new("nice");
    command.args(["-n", "10"]).arg(own).args([LOAD, &server.address, &server.client_key]);
    command.args([connections, seconds]).stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Generates the load in the child process and prints its outcome as JSON.
pub(crate) async fn generate_load(arguments: &[String]) {
    let [address, key, connections, seconds] = arguments else { panic!("{arguments:?}") };
    let running = Running::begin_load(address, key, connections.parse().unwrap(), 0).await;
    let outcome = running.end_after(Duration::from_secs(seconds.parse().unwrap())).await;
    println!("{}", serde_json::to_string(&outcome).unwrap());
}

/// A load that is under way.
pub(crate) struct Running {
    shared: Arc<Load>,
    begun: Instant,
    workers: Vec<JoinHandle<Vec<f32>>>,
}

impl Running {
    /// Opens the connections and starts to send batches over each, numbered from `first`. A refused
    /// batch is sent again at once, which the collector never does.
    pub(crate) async fn begin_load(
        address: &str,
        key: &str,
        connections: usize,
        first: u64,
    ) -> Self {
        let shared = Arc::new(Load {
            address: address.to_owned(),
            key: key.to_owned(),
            events: serde_json::to_string(&batch_events()).unwrap(),
            next: AtomicU64::new(first),
            ends: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        // All connections are open before the first batch is sent.
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(open_connection(&shared).await);
        }
        let begun = Instant::now();
        let worker = |connection| tokio::spawn(send_batches(Arc::clone(&shared), connection));
        let workers = open.into_iter().map(worker).collect();
        Self { shared, begun, workers }
    }

    pub(crate) async fn end_after(self, length: Duration) -> Outcome {
        tokio::time::sleep(length.saturating_sub(self.begun.elapsed())).await;
        self.shared.ends.store(true, Ordering::Relaxed);
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        // Counted at the end of `length`, not after the last answers, for which many connections
        // wait.
        let (acknowledged, refused) =
            (count(&self.shared.acknowledged), count(&self.shared.refused));
        let seconds = self.begun.elapsed().as_secs_f64();
        let mut times = Vec::new();
        for worker in self.workers {
            times.extend(worker.await.unwrap());
        }
        times.sort_by(f32::total_cmp);
        let at = |q: f64| {
            let index = (times.len().saturating_sub(1) as f64 * q) as usize;
            times.get(index).copied().unwrap_or_default() * 1_000.0
        };
        let (p50, p99, longest) = (at(0.5), at(0.99), at(1.0));
        Outcome { seconds, acknowledged, refused, p50, p99, longest }
    }
}

/// Sends batches until the load ends, each with its own session and from one of 5,000 users.
/// Returns the seconds to each acknowledgement.
async fn send_batches(load: Arc<Load>, mut connection: TcpStream) -> Vec<f32> {
    let (mut buffer, mut times) = (vec![0_u8; 4_096], Vec::new());
    while !load.ends.load(Ordering::Relaxed) {
        let number = load.next.fetch_add(1, Ordering::Relaxed);
        let request = batch_request(&load, number);
        let sent = Instant::now();
        while !load.ends.load(Ordering::Relaxed) {
            let answer = exchange_batch(&mut connection, &request, &mut buffer).await;
            let Some(answer) = answer else {
                connection = open_connection(&load).await;
                continue;
            };
            match answer.get(9..12) {
                Some(b"202") => {
                    load.acknowledged.fetch_add(1, Ordering::Relaxed);
                    times.push(sent.elapsed().as_secs_f32());
                    break;
                }
                Some(b"503") => load.refused.fetch_add(1, Ordering::Relaxed),
                _ => panic!("{}", String::from_utf8_lossy(answer)),
            };
        }
    }
    times
}

async fn open_connection(load: &Load) -> TcpStream {
    let connection = TcpStream::connect(&load.address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    connection
}

/// Sends a request and returns the answer, or `None` if the server has closed the connection.
async fn exchange_batch<'a>(
    connection: &mut TcpStream,
    request: &[u8],
    buffer: &'a mut [u8],
) -> Option<&'a [u8]> {
    connection.write_all(request).await.ok()?;
    match connection.read(buffer).await {
        Ok(read @ 1..) => buffer.get(..read),
        Ok(_) | Err(_) => None,
    }
}

fn batch_request(load: &Load, number: u64) -> Vec<u8> {
    let device = ["phone", "tablet", "desktop"][(number % 3) as usize];
    let body = format!(
        r#"{{"v":1,"batch":"b{number}","session":"s{number}","visitor":"v{}","device":"{device}","release":"1.{}","exposed":{{"ENHANCED_EXERCISE_LIBRARY":"on","EXERCISE_PROGRESS_TRACKING":"off"}},"events":{}}}"#,
        number % 5_000,
        number % 4,
        load.events,
    );
    let head = format!(
        "POST /collect?key={} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
        load.key,
        load.address,
        body.len()
    );
    (head + &body).into_bytes()
}

/// Returns the events of a batch: ten typical events, repeated.
fn batch_events() -> Vec<Value> {
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
