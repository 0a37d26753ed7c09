//! The build and test commands of Phasegate: `cargo xtask help`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks")]

mod assets;
mod bench;
mod browser;
mod check;
mod files;
mod floors;
mod language;
mod minify;
mod report;
mod run;
mod scripts;
mod snip;
mod tidy;
mod wasm_target;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};

const HELP: &str = "\
cargo xtask serve [-- ARGS]   build everything and start Phasegate (`phasegate serve ARGS`)
cargo xtask build             build everything: target/release/phasegate
cargo xtask assets            build only what browsers download, into target/site
cargo xtask test [FILTER]     run every check, or those whose name contains FILTER
cargo xtask bench flags       measure evaluation, OFREP and event streams, each beside a reference
cargo xtask bench ingest      measure how many events are taken, beside rows straight into SQLite
cargo xtask bench query       measure what panels cost after up to ten million events
cargo xtask bench collector   measure what the collector costs a page, beside web-vitals and Sentry
cargo xtask tidy              check only the rules of the architecture: crates, floors, circles, words";

fn main() -> ExitCode {
    match run_command() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_command() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    match command {
        "serve" => {
            assets::build_server()?;
            let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
            let mut serve = run::command(assets::server_binary());
            run::replace_by(serve.arg("serve").args(rest))?;
        }
        "build" => assets::build_server()?,
        "assets" => assets::build()?,
        "test" => return check::run_all(rest.first().map_or("", String::as_str)),
        "bench" => bench::run(rest.first().map_or("", String::as_str))?,
        "tidy" => tidy::check()?,
        "help" | "--help" | "-h" => println!("{HELP}"),
        other => bail!("there is no command {other:?}\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn root() -> Result<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(manifest.parent().context("xtask lies in the repository")?.to_path_buf())
}
