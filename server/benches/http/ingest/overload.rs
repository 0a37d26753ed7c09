//! More connections than can be served, which send again at once when they are refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::load::{Running, load};
use crate::{
    child::Server,
    evaluations::{Request, Times, once},
};

/// Numbers of connections, each of which is measured by itself. With the first, no request is refused.
const CONNECTIONS: [usize; 5] = [256, 1_000, 2_000, 4_000, 8_000];

const LENGTH: Duration = Duration::from_secs(8);

/// Each number is measured so often, in turn with the others: how fast the disk of a shared machine is
/// changes from one minute to the next.
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
    /// The same question to a process that does nothing else: what the machine itself makes slow.
    bare: Times,
    /// The longest time from the end of a load until ten evaluations and batches in a row were as quick as
    /// before; nothing if that took more than half a minute once.
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

/// Prints what gets in at each number of connections, and how evaluation fares meanwhile.
pub(crate) async fn measure() {
    let mut rows = CONNECTIONS.map(Row::new);
    for _ in 0..ROUNDS {
        for row in &mut rows {
            // A server of its own, so that none has to carry what the one before has stored.
            measure_once(row).await;
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

async fn measure_once(row: &mut Row) {
    let server = Arc::new(Server::phasegate().await);
    let answer = once(&evaluation(&server)).await;
    let bare = Server::bare(answer.split_once("\r\n\r\n").unwrap().1).await;
    let ends = Arc::new(AtomicBool::new(false));
    let asked = [evaluation(&server), Request::new(&bare.address, "/", "none", CONTEXT)];
    let probes = asked.map(|request| probe(request, Arc::clone(&ends)));
    let outcome = load(&server, row.connections, LENGTH).await;
    ends.store(true, Ordering::Relaxed);
    let [evaluation, bare] = probes.map(|probe| probe.join().unwrap());
    row.rates.push(outcome.events_per_second());
    row.refused += outcome.refused;
    row.evaluation.add(&evaluation);
    row.bare.add(&bare);
    let recovery = recovery(&server).await;
    row.recovery = row.recovery.zip(recovery).map(|(longest, this)| longest.max(this));
}

/// Evaluates now and then, on a thread of its own: the load must not delay the clock that measures it.
fn probe(request: Request, ends: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<f32>> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let mut times = Vec::new();
            while !ends.load(Ordering::Relaxed) {
                times.extend(crate::evaluations::some(&request, 20, PROBE).await);
            }
            times
        })
    })
}

fn evaluation(server: &Server) -> Request {
    Request::new(&server.address, "/ofrep/v1/evaluate/flags", &server.client_key, CONTEXT)
}

/// How long until evaluations take 5 ms at most and batches are taken in half a second, ten times in a
/// row; nothing if it takes more than half a minute.
async fn recovery(server: &Server) -> Option<Duration> {
    let (begun, mut in_a_row) = (Instant::now(), 0);
    let request = evaluation(server);
    let mut first = 1_u64 << 40;
    while begun.elapsed() < Duration::from_secs(30) {
        let good_since = begun.elapsed();
        let asked = Instant::now();
        once(&request).await;
        let evaluated = asked.elapsed();
        let running = Running::begin(&server.address, &server.client_key, 1, first).await;
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
