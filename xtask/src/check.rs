//! Every check, and the order in which they run.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{assets, browser, dependencies, report::Report, run, tidy, wasm_target};

/// Crates that run on the server, each with the features it is used with.
const NATIVE: [(&str, &str); 8] = [
    ("phasegate-domain", ""),
    ("phasegate-wire", "decode"),
    ("phasegate-store", ""),
    ("phasegate-store-tests", ""),
    ("phasegate-store-sqlite", ""),
    ("phasegate-service", ""),
    ("phasegate-app", "ssr"),
    ("phasegate", ""),
];

/// Crates that run in the browser.
const BROWSER: [&str; 2] = ["phasegate-frontend", "phasegate-collector"];

/// Runs all checks whose name contains `filter`.
pub(crate) fn run_all(filter: &str) -> Result<ExitCode> {
    let mut report = Report::new(filter);
    report.run_check("fmt", || {
        run::run_command(run::cargo_command().args(["fmt", "--all", "--check"]))
    });
    report.run_check("tidy", tidy::check_rules);
    report.run_check("dependencies", dependencies::check_dependencies);
    report.run_check("release build with assets", assets::build_server);
    // The browser tests use little more than one core, so the tests of the next checks compile
    // meanwhile.
    let ahead = if filter.is_empty() {
        run::spawn_in_background(&mut build_tests_command()?)
    } else {
        None
    };
    report.run_check("browser tests", browser::run_browser_tests);
    if let Some(mut ahead) = ahead {
        // Its errors are ignored here: the next check repeats the build and reports them.
        ahead.wait()?;
    }
    report.run_check("clippy and build, server side", || {
        run::run_command(&mut build_tests_command()?)?;
        // A separate call, as when it was built to run: together with others its dependencies would
        // get other features, and be built a second time.
        run::run_command(run::linting_cargo_command()?.args([
            "test",
            "--no-run",
            "--package",
            "xtask",
        ]))
    });
    report.run_check("clippy, browser side", || {
        wasm_target::ensure_target()?;
        BROWSER.into_iter().try_for_each(assets::lint_browser_crate)
    });
    report.run_check("documentation", || {
        let doc = ["doc", "--no-deps", "--lib", "--document-private-items"];
        let mut doc_of_natives = run::cargo_command();
        doc_of_natives.args(doc).args(native_arguments()).env("RUSTDOCFLAGS", "-Dwarnings");
        run::run_command(&mut doc_of_natives)?;
        let mut doc_of_others = run::cargo_command();
        doc_of_others.args(["doc", "--no-deps", "--document-private-items"]);
        doc_of_others.args(["--package", "phasegate-collector", "--package", "xtask"]);
        run::run_command(doc_of_others.env("RUSTDOCFLAGS", "-Dwarnings"))
    });
    report.run_check("unit, story and route tests", || {
        // Doc tests are skipped, because there are none.
        let kinds = ["test", "--lib", "--bins", "--tests"];
        run::run_command(run::linting_cargo_command()?.args(kinds).args(native_arguments()))?;
        run::run_command(run::linting_cargo_command()?.args(["test", "--package", "xtask"]))?;
        run::run_command(run::cargo_command().args(["test", "--package", "phasegate-collector"]))
    });
    Ok(if report.finish_report() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the cargo call that lints the native crates and builds their tests and benchmarks.
fn build_tests_command() -> Result<Command> {
    let mut build = run::linting_cargo_command()?;
    build.args(["test", "--no-run", "--all-targets"]).args(native_arguments());
    Ok(build)
}

/// Returns the arguments of one cargo call for all native crates: their features never contradict
/// each other, and dependencies are compiled once. The browser's features stay in a separate call.
fn native_arguments() -> Vec<String> {
    let mut arguments = Vec::new();
    for (package, feature) in NATIVE {
        arguments.extend(["--package".to_owned(), package.to_owned()]);
        if !feature.is_empty() {
            arguments.extend(["--features".to_owned(), format!("{package}/{feature}")]);
        }
    }
    arguments
}
