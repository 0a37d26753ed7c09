//! Overload: more connections than can be served, which send again at once when they are refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::load::{Running, load_server};
use crate::{
    child::Server,
    evaluations::{Request, Times, send_once},
};

/// Numbers of connections, measured separately. With the first one, no request is refused.
const CONNECTIONS: [usize; 5] = [256, 1_000, 2_000, 4_000, 8_000];

const LENGTH: Duration = Duration::from_secs(8);

/// Measurements of each number, alternating with the others, because the disk speed of a shared
/// machine varies from minute to minute.
const ROUNDS: usize = 3;

/// Pause between two evaluations.
const PROBE: Duration = Duration::from_millis(10);

const CONTEXT: &str = r#"{"context": {"targetingKey": "user-12345"}}"#;

/// A row of the table.
struct Row {
    connections: usize,
    /// Events per second of each round.
    rates: Vec<f64>,
    refused: u64,
    evaluation: Times,
    /// The same request to the bare server: the latency that the loaded machine itself causes.
    bare: Times,
    /// The longest recovery of all rounds; `None` if one took more than half a minute.
    recovery: Option<Duration>,
}

impl Row {
    fn new(connections: usize) -> Self {
        Self {
            connections,
            rates: Vec::new(),
            refused: 0,
            evaluation: Times::default(),
            bare: Times::default(),
            recovery: Some(Duration::ZERO),
        }
    }

    fn median_rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or_default()
    }
}

/// Prints the ingest rate and the evaluation latency for each number of connections.
pub(crate) async fn measure_overload() {
    let mut rows = CONNECTIONS.map(Row::new);
    for _ in 0..ROUNDS {
        for row in &mut rows {
            // Each measurement has a fresh server, so that none carries the data of the previous
            // one.
            measure_round(row).await;
        }
    }
    let best = rows.iter().map(Row::median_rate).fold(0.0, f64::max);
    println!(
        "\noverload: a refused client sends again at once, {} s each, median of {ROUNDS} rounds",
        LENGTH.as_secs()
    );
    println!(
        "  {:>11} {:>10} {:>7} {:>9} {:>12} {:>8} {:>9} {:>9}",
        "connections",
        "events/s",
        "of best",
        "refused",
        "evaluate p50",
        "p99 ms",
        "bare p99",
        "recovery"
    );
    for row in &mut rows {
        let rate = row.median_rate();
        let (p50, p99) = (row.evaluation.quantile(0.5), row.evaluation.quantile(0.99));
        let recovery = row
            .recovery
            .map_or_else(|| "never".to_owned(), |took| format!("{:.1} s", took.as_secs_f64()));
        println!(
            "  {:>11} {rate:>10.0} {:>5.0} % {:>9} {p50:>12.2} {p99:>8.2} {:>9.2} {recovery:>9}",
            row.connections,
            rate / best * 100.0,
            row.refused,
            row.bare.quantile(0.99)
        );
    }
    println!("  (budgets: 70 % of the best rate, evaluation p99 5 ms, recovery within 5 s)");
}

async fn measure_round(row: &mut Row) {
    let server = Arc::new(Server::start_phasegate().await);
    let answer = send_once(&evaluation_request(&server)).await;
    let bare = Server::start_bare(answer.split_once("\r\n\r\n").unwrap().1).await;
    let ends = Arc::new(AtomicBool::new(false));
    let asked = [evaluation_request(&server), Request::new(&bare.address, "/", "none", CONTEXT)];
    let probes = asked.map(|request| spawn_probe(request, Arc::clone(&ends)));
    let outcome = load_server(&server, row.connections, LENGTH).await;
    ends.store(true, Ordering::Relaxed);
    let [evaluation, bare] = probes.map(|probe| probe.join().unwrap());
    row.rates.push(outcome.events_per_second());
    row.refused += outcome.refused;
    row.evaluation.add_times(&evaluation);
    row.bare.add_times(&bare);
    let recovery = measure_recovery(&server).await;
    row.recovery = row.recovery.zip(recovery).map(|(longest, this)| longest.max(this));
}

/// Evaluates with pauses of [`PROBE`] on a separate thread, so that the load does not delay the
/// clock that measures it.
fn spawn_probe(request: Request, ends: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<f32>> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let mut times = Vec::new();
            while !ends.load(Ordering::Relaxed) {
                times.extend(crate::evaluations::send_with_pauses(&request, 20, PROBE).await);
            }
            times
        })
    })
}

fn evaluation_request(server: &Server) -> Request {
    Request::new(&server.address, "/ofrep/v1/evaluate/flags", &server.client_key, CONTEXT)
}

/// Returns the time until evaluations take at most 5 ms and batches at most half a second ten times
/// in a row, or `None` after half a minute.
async fn measure_recovery(server: &Server) -> Option<Duration> {
    let (begun, mut in_a_row) = (Instant::now(), 0);
    let request = evaluation_request(server);
    let mut first = 1_u64 << 40;
    while begun.elapsed() < Duration::from_secs(30) {
        let good_since = begun.elapsed();
        let asked = Instant::now();
        send_once(&request).await;
        let evaluated = asked.elapsed();
        let running = Running::begin_load(&server.address, &server.client_key, 1, first).await;
        let sent = running.end_after(Duration::from_millis(100)).await;
        first += 1_000;
        let is_good = evaluated <= Duration::from_millis(5)
            && sent.refused == 0
            && sent.acknowledged > 0
            && sent.longest < 500.0;
        in_a_row = if is_good { in_a_row + 1 } else { 0 };
        if in_a_row == 10 {
            return Some(good_since.saturating_sub(Duration::from_secs(1)));
        }
    }
    None
}
