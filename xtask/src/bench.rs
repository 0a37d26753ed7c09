//! Benchmarks. Each measures its reference in the same run, because machines are noisy.

use anyhow::{Result, bail};

use crate::{assets, report, run};

/// Runs the benchmark of that name.
pub(crate) fn run(name: &str) -> Result<()> {
    match name {
        "flags" => flags(),
        other => bail!("there is no benchmark {other:?}; there is: flags"),
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
