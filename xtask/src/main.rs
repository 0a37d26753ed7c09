//! The build and test commands of Phasegate: `cargo xtask --help`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks")]

mod assets;
mod bench;
mod browser;
mod check;
mod dependencies;
mod files;
mod floors;
mod language;
mod minify;
mod report;
mod run;
mod scripts;
mod snip;
mod split;
mod tidy;
mod wasm_sections;
mod wasm_target;

use std::process::ExitCode;

use anyhow::Result;
use bench::Benchmark;
use clap::Parser;

/// Builds, checks and measures Phasegate.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Build everything and start Phasegate: `phasegate serve ARGUMENTS`
    Serve {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything into one binary, target/release/phasegate
    Build,
    /// Build only the files that browsers download, into target/site
    Assets,
    /// Run every check, or those whose name contains a text
    Test {
        #[arg(default_value = "")]
        filter: String,
    },
    /// Run a benchmark, beside a reference in the same run
    Bench {
        #[arg(value_enum)]
        benchmark: Benchmark,
    },
    /// Check only the rules of the architecture: crates, floors, circles, words
    Tidy,
}

fn main() -> ExitCode {
    match run_task(Task::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_task(task: Task) -> Result<ExitCode> {
    match task {
        Task::Serve { arguments } => {
            assets::build_server()?;
            let mut serve = run::root_command(assets::server_binary());
            run::replace_process(serve.arg("serve").args(arguments))?;
        }
        Task::Build => assets::build_server()?,
        Task::Assets => assets::build_assets()?,
        Task::Test { filter } => return check::run_all(&filter),
        Task::Bench { benchmark } => bench::run_benchmark(benchmark)?,
        Task::Tidy => tidy::check_rules()?,
    }
    Ok(ExitCode::SUCCESS)
}
