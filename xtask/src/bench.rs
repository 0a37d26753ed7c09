//! Benchmarks. Each measures its reference in the same run, because machines are noisy.

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{assets, browser, report, run};

/// A benchmark to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// Evaluation, OFREP and event streams
    Flags,
    /// Rate of ingested events, beside rows inserted straight into SQLite
    Ingest,
    /// Latency of panels after up to ten million events
    Query,
    /// Cost of the collector for a page, beside web-vitals and Sentry
    Collector,
    /// First load and interactions of the admin with 10,000 flags, on a slowed CPU
    Admin,
    /// Accuracy of the metrics of 20,000 simulated users
    Simulation,
}

/// Runs the benchmark and prints its table.
pub(crate) fn run_benchmark(benchmark: Benchmark) -> Result<()> {
    match benchmark {
        Benchmark::Flags => bench_flags(),
        Benchmark::Ingest => bench_ingest(),
        Benchmark::Query => {
            report::print_stage("panels after more and more events");
            run::run_command(run::cargo_command().args([
                "bench",
                "--package",
                "phasegate",
                "--bench",
                "query",
            ]))
        }
        Benchmark::Collector => bench_collector(),
        Benchmark::Admin => bench_admin(),
        Benchmark::Simulation => check_simulation(),
    }
}

fn bench_flags() -> Result<()> {
    report::print_stage("one evaluation, in process (budget: 120 ns, no allocation)");
    run::run_command(run::cargo_command().args([
        "bench",
        "--package",
        "phasegate-domain",
        "--bench",
        "flags",
    ]))?;
    assets::build_server()?;
    report::print_stage("over HTTP");
    run::run_command(
        run::cargo_command()
            .args(["bench", "--package", "phasegate", "--bench", "http", "--", "flags"])
            .env("PHASEGATE_BINARY", assets::server_binary()),
    )
}

/// Fails above the budget, so the files must be built and optimised as for a release.
fn bench_collector() -> Result<()> {
    if !run::is_installed("wasm-opt") {
        bail!("the budgets are for optimised files; install wasm-opt (Debian: binaryen)");
    }
    assets::build_server()?;
    report::print_stage("what the collector costs a page");
    browser::run_browser_bench("bench/collector.mjs")
}

fn bench_admin() -> Result<()> {
    assets::build_server()?;
    report::print_stage("what the admin costs its browser");
    browser::run_browser_bench("bench/admin.mjs")
}

fn bench_ingest() -> Result<()> {
    report::print_stage("the store alone, beside rows straight into SQLite");
    let store = ["bench", "--package", "phasegate-store-sqlite", "--bench", "ingest"];
    run::run_command(run::cargo_command().args(store))?;
    assets::build_server()?;
    report::print_stage("over HTTP");
    run::run_command(
        run::cargo_command()
            .args(["bench", "--package", "phasegate", "--bench", "http", "--", "ingest"])
            .env("PHASEGATE_BINARY", assets::server_binary()),
    )
}

/// Checks correctness, not speed: whether the metrics of 20,000 simulated users over 30 days are
/// true, also out of order and while the server is killed.
fn check_simulation() -> Result<()> {
    assets::build_server()?;
    report::print_stage("20,000 simulated users over 30 days");
    run::run_command(
        run::cargo_command()
            .args(["test", "--package", "phasegate", "--test", "simulation", "--"])
            .args(["--nocapture", "--test-threads", "1"])
            .env("PHASEGATE_BINARY", assets::server_binary())
            .env("PHASEGATE_SIMULATED_USERS", "20000")
            .env("PHASEGATE_SIMULATED_DAYS", "30"),
    )
}
