//! The command line: thin wrappers around the use cases.
#![allow(clippy::print_stderr, reason = "a command line tool says on stderr what went wrong")]

mod account;
mod files;
mod flag;
mod local;
mod plan;
mod rollout;
mod simulate;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    bootstrap,
    config::{Config, ServeArgs},
};

/// Feature flags, staged rollouts and the evidence for them, in one server.
#[derive(Debug, Parser)]
#[command(name = "phasegate", version, propagate_version = true, term_width = 0)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the HTTP server and its jobs.
    Serve(ServeArgs),
    /// Manage the accounts that may log in.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Show, switch and evaluate flags.
    #[command(subcommand)]
    Flag(flag::FlagCommand),
    /// Show the rollout and send it commands.
    #[command(subcommand)]
    Rollout(rollout::RolloutSubcommand),
    /// Validate, compare and import plan files.
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// Create, list and delete server tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Export and erase the data of one user.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Write an environment's flags, segments and overrides to a file.
    Export(files::ExportArgs),
    /// Apply a file to an environment (shows the diff and asks first).
    Import(files::ImportArgs),
    /// Fill a server with simulated users and compare its measurements with the truth
    Simulate(simulate::SimulateArgs),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

/// Formats an error with its causes, skipping causes that are already part of the text, because
/// messages of libraries often include them.
fn format_error_chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Runs the command line. Exits with status 0, 1 (failed) or 2 (wrong usage).
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report_usage_error(&error),
    };
    let result = match cli.command {
        Command::Serve(args) => {
            Config::load_for_serve(&args).and_then(|config| block_on(bootstrap::main(config)))
        }
        Command::Account(command) => block_on(account::run_account(command)),
        Command::Flag(command) => block_on(flag::run_flag(command)),
        Command::Rollout(command) => block_on(rollout::run_rollout(command)),
        Command::Plan(command) => block_on(plan::run_plan(command)),
        Command::Token(command) => block_on(token::run_token(command)),
        Command::User(command) => block_on(user::run_user(command)),
        Command::Export(args) => block_on(files::export_to_file(args)),
        Command::Import(args) => block_on(files::import_from_file(args)),
        Command::Simulate(args) => block_on(simulate::run_simulate(args)),
        Command::Openapi => local::print_json(&crate::openapi()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format_error_chain(&error);
            if wants_json() {
                eprintln!("{}", serde_json::json!({ "error": text }));
            } else {
                eprintln!("phasegate: {text}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether errors are printed as JSON, because `--json` is among the arguments.
fn wants_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

/// Prints a usage error, or help and version, which clap reports as errors, too.
fn report_usage_error(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || !wants_json() {
        error.exit();
    }
    let text = error.to_string();
    let said: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let text = said.join(" ");
    eprintln!("{}", serde_json::json!({ "error": text.trim_start_matches("error: ") }));
    ExitCode::from(2)
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let done = work.await;
        local::close_opened().await;
        done
    })
}
