//! Ingest under load: events that are acknowledged after their commit, over HTTP. Prints a table;
//! asserts nothing about time.

mod load;
mod overload;

use std::time::Duration;

use load::{EVENTS, load_server};
pub(crate) use load::{LOAD, generate_load};

use crate::child::Server;

/// Duration of the steady load.
const LENGTH: Duration = Duration::from_secs(10);

/// Connections that send one batch after the other. Each waits for its commit, so a commit group
/// has at most this many batches.
const CONNECTIONS: usize = 256;

/// Measures a steady load and then an overload.
pub(crate) async fn measure_ingest() {
    measure_steady_load().await;
    overload::measure_overload().await;
}

async fn measure_steady_load() {
    let server = Server::start_phasegate().await;
    let idle = server.memory_mb();
    let outcome = load_server(&server, CONNECTIONS, LENGTH).await;
    println!(
        "\nbatches of {EVENTS} events by {CONNECTIONS} connections for {:.0} s, acknowledged after the commit",
        outcome.seconds
    );
    println!("  {:.0} events/s   (budget: 100,000)", outcome.events_per_second());
    println!(
        "  a batch takes p50 {:.0} ms, p99 {:.0} ms; {} were refused",
        outcome.p50, outcome.p99, outcome.refused
    );
    println!(
        "  memory {idle} MB idle, {} MB under load   (budgets: 60 and 250)",
        server.memory_mb()
    );
    let (megabytes, stored) =
        (server.data_bytes() as f64 / 1e6, outcome.acknowledged * EVENTS as u64);
    println!(
        "  disk {megabytes:.1} MB for {stored} events: {:.1} MB per million",
        megabytes * 1e6 / stored as f64
    );
}
