//! Benchmarks of the server over HTTP, `flags` or `ingest`, beside references in the same run.
//! Prints tables; asserts nothing about time.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is a test of its own kind, and prints"
)]

mod bare;
mod child;
mod evaluations;
mod flags;
mod ingest;

#[tokio::main]
async fn main() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if let Some(place) = arguments.iter().position(|argument| argument == ingest::LOAD) {
        return ingest::generate_load(&arguments[place + 1..]).await;
    }
    if has("--bare") {
        return bare::serve_answer().await;
    }
    if has("--bare-fan-out") {
        return bare::serve_fan_out().await;
    }
    match (has("flags"), has("ingest")) {
        (true, false) => flags::measure_flags().await,
        (false, true) => ingest::measure_ingest().await,
        _ => panic!("name one benchmark: flags or ingest"),
    }
}
