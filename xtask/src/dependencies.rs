//! Checks dependencies by cargo-deny and the rules of `deny.toml`: licences, duplicate versions,
//! sources and advisories.

use std::{ffi::OsString, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::run;

/// The version that is installed if the machine has none.
const VERSION: &str = "0.20.2";

/// Rules of `deny.toml` that no dependency needs any more are errors, too.
const STRICT: [&str; 8] = [
    "--deny",
    "unnecessary-skip",
    "--deny",
    "unmatched-skip",
    "--deny",
    "license-not-encountered",
    "--deny",
    "advisory-not-detected",
];

/// Checks every package that the platforms of `deny.toml` need. Advisories are checked with the
/// local copy of their database, because tests need no network; without one, a line says so.
pub(crate) fn check_dependencies() -> Result<()> {
    let program = find_or_install()?;
    let check = |checks: &[&str]| {
        let mut command = cargo_deny(&program);
        command.args(["--locked", "check", "--hide-inclusion-graph"]).args(STRICT).args(checks);
        run::run_command(&mut command)
    };
    check(&["bans", "licenses", "sources"])?;
    if !has_advisory_database()? {
        println!(
            "advisories: NOT checked, because there is no local database; `cargo deny fetch db` downloads it"
        );
        return Ok(());
    }
    let mut command = cargo_deny(&program);
    // Offline also applies to crates, so they must have been downloaded.
    run::run_command(run::cargo_command().args(["fetch", "--locked"]))?;
    command.args(["--offline", "--locked", "check", "--hide-inclusion-graph"]).args(STRICT);
    run::run_command(command.arg("advisories"))
}

/// Returns a command of cargo-deny. It calls cargo itself, which must be the one that runs this
/// program.
fn cargo_deny(program: &OsString) -> Command {
    let mut command = run::root_command(program);
    command.env("CARGO", run::cargo_command().get_program());
    command
}

/// Returns the program: that of the machine, or the one in `target/tools`, which is built first if
/// it is missing. An unoptimised build takes a minute and is fast enough.
fn find_or_install() -> Result<OsString> {
    if run::is_installed("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    let folder = crate::files::repository_root()?.join("target/tools");
    let program = folder.join("bin/cargo-deny").into_os_string();
    if run::is_installed(&program) {
        return Ok(program);
    }
    println!("cargo-deny is missing; building it.");
    let install = |lock: &[&str]| {
        let mut install = run::cargo_command();
        install.args(["install", "cargo-deny", "--version", VERSION, "--debug", "--root"]);
        run::run_command(install.arg(&folder).args(lock))
    };
    // Its lock file may name a version that a mirror of the registry does not have yet.
    install(&["--locked"]).or_else(|_| install(&[]))?;
    Ok(program)
}

/// Returns whether cargo-deny has downloaded the database of advisories.
fn has_advisory_database() -> Result<bool> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let Ok(entries) = std::fs::read_dir(home.join("advisory-dbs")) else { return Ok(false) };
    Ok(entries.filter_map(Result::ok).any(|entry| entry.path().join("crates").is_dir()))
}
