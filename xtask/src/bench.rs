//! Benchmarks. Each measures its reference in the same run, because machines are noisy.

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{assets, browser, report, run};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// Evaluation, OFREP and event streams
    Flags,
    /// How many events are taken, beside rows straight into SQLite
    Ingest,
    /// What panels cost after up to ten million events
    Query,
    /// What the collector costs a page, beside web-vitals and Sentry
    Collector,
    /// Whether 20,000 simulated users are measured as they are
    Simulation,
}

/// Runs the benchmark and prints its table.
pub(crate) fn run(benchmark: Benchmark) -> Result<()> {
    match benchmark {
        Benchmark::Flags => flags(),
        Benchmark::Ingest => ingest(),
        Benchmark::Query => {
            report::stage("panels after more and more events");
            run::run(run::cargo().args(["bench", "--package", "phasegate", "--bench", "query"]))
        }
        Benchmark::Collector => collector(),
        Benchmark::Simulation => simulation(),
    }
}

fn flags() -> Result<()> {
    report::stage("one evaluation, in process (budget: 120 ns, no allocation)");
    run::run(run::cargo().args(["bench", "--package", "phasegate-domain", "--bench", "flags"]))?;
    assets::build_server()?;
    report::stage("over HTTP");
    run::run(
        run::cargo()
            .args(["bench", "--package", "phasegate", "--bench", "http", "--", "flags"])
            .env("PHASEGATE_BINARY", assets::server_binary()),
    )
}

/// Over budget it fails, so what is downloaded is built as for a release.
fn collector() -> Result<()> {
    if !run::is_installed("wasm-opt") {
        bail!("the budgets are for optimised files; install wasm-opt (Debian: binaryen)");
    }
    assets::build_server()?;
    report::stage("what the collector costs a page");
    browser::bench()
}

fn ingest() -> Result<()> {
    report::stage("the store alone, beside rows straight into SQLite");
    let store = ["bench", "--package", "phasegate-store-sqlite", "--bench", "ingest"];
    run::run(run::cargo().args(store))?;
    assets::build_server()?;
    report::stage("over HTTP");
    run::run(
        run::cargo()
            .args(["bench", "--package", "phasegate", "--bench", "http", "--", "ingest"])
            .env("PHASEGATE_BINARY", assets::server_binary()),
    )
}

/// Not a matter of time: whether 20,000 users on 30 days are measured as they are, also in disorder
/// and while the server is killed.
fn simulation() -> Result<()> {
    assets::build_server()?;
    report::stage("20,000 simulated users over 30 days");
    run::run(
        run::cargo()
            .args(["test", "--package", "phasegate", "--test", "simulation", "--"])
            .args(["--nocapture", "--test-threads", "1"])
            .env("PHASEGATE_BINARY", assets::server_binary())
            .env("PHASEGATE_SIMULATED_USERS", "20000")
            .env("PHASEGATE_SIMULATED_DAYS", "30"),
    )
}
