//! The command line: thin doors to the same use cases.
#![allow(clippy::print_stderr, reason = "a command line tool says on stderr what went wrong")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{config::Config, serve, user};

/// Feature flags, staged rollouts and the evidence for them, in one server.
#[derive(Debug, Parser)]
#[command(name = "phasegate", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    Serve(ServeArgs),
    /// Manage who may log in.
    #[command(subcommand)]
    User(UserCommand),
}

/// Settings as flags; they beat PHASEGATE_* variables, which beat phasegate.toml.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Folder for databases and secrets [default: ./data]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Address under which people and pages reach the server
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// Serve the demo exercise library at /demo
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Give an account a new password, which is printed; its sessions end.
    SetPassword {
        /// The account's e-mail address
        email: String,
        /// Folder for databases and secrets [default: ./data]
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

/// Runs what the command line asks for. Exit status 0, 1 (failed) or 2 (wrong usage).
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(args) => {
            Config::load(&args).and_then(|config| block_on(serve::main(config)))
        }
        Command::User(UserCommand::SetPassword { email, data }) => Config::load_for_data(data)
            .and_then(|config| block_on(user::set_password(config, email))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("phasegate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
