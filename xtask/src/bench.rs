//! Benchmarks. Each measures its reference in the same run, because machines are noisy.

use anyhow::{Result, bail};

use crate::{assets, browser, report, run};

/// Runs the benchmark of that name.
pub(crate) fn run(name: &str) -> Result<()> {
    match name {
        "flags" => flags(),
        "collector" => collector(),
        "ingest" => ingest(),
        "query" => {
            report::stage("panels after more and more events");
            run::run(run::cargo().args(["bench", "--package", "phasegate", "--bench", "query"]))
        }
        "simulation" => simulation(),
        other => bail!(
            "there is no benchmark {other:?}; there are: flags, collector, ingest, query, simulation"
        ),
    }
}

fn flags() -> Result<()> {
    report::stage("one evaluation, in process (budget: 120 ns, no allocation)");
    run::run(run::cargo().args(["bench", "--package", "phasegate-domain", "--bench", "flags"]))?;
    assets::build_server()?;
    report::stage("over HTTP");
    run::run(
        run::cargo()
            .args(["bench", "--package", "phasegate", "--bench", "flags"])
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
            .args(["bench", "--package", "phasegate", "--bench", "ingest"])
            .env("PHASEGATE_BINARY", assets::server_binary()),
    )
}

/// Not a matter of time: whether 20,000 people on 30 days are measured as they are, also in disorder
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
