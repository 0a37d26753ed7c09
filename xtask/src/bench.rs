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
        other => {
            bail!("there is no benchmark {other:?}; there are: flags, collector, ingest, query")
        }
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
