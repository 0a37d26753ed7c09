//! The base of commands that work on the data folder. A server that runs on the same folder applies
//! their changes within about a second.

use std::{
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use clap::Args;
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::{Service, access::Actor};
use serde::Serialize;

use crate::{bootstrap, config::Config};

/// The arguments that select an environment of a data folder.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Folder for databases and secrets [default: ./data]
    #[arg(long)]
    data: Option<PathBuf>,
    /// The key of the project
    #[arg(long, default_value = "default")]
    project: String,
    /// The key of the environment
    #[arg(long, default_value = "production")]
    environment: String,
}

/// An opened environment with the actor of the command.
pub(super) struct Local {
    pub(super) service: Arc<Service>,
    pub(super) environment: EnvironmentId,
    pub(super) actor: Actor,
}

/// Opens a data folder, which must already be set up.
pub(super) async fn open_data_folder(data: Option<PathBuf>) -> anyhow::Result<Arc<Service>> {
    let config = Config::load_for_data(data)?;
    ensure_set_up(&config)?;
    let service = bootstrap::open_service(&config).await?;
    Ok(register_opened(service))
}

/// Like [`open_data_folder`], but a broken telemetry store causes only a warning.
async fn open_without_telemetry(data: Option<PathBuf>) -> anyhow::Result<Arc<Service>> {
    let config = Config::load_for_data(data)?;
    ensure_set_up(&config)?;
    let warn = |problem: &str| eprintln!("phasegate: goes on without telemetry: {problem}");
    Ok(register_opened(bootstrap::open_without_telemetry(&config, warn).await?))
}

fn ensure_set_up(config: &Config) -> anyhow::Result<()> {
    ensure!(
        config.data.join("state.db").exists(),
        "there is no state.db in {}; name the data folder with --data",
        config.data.display()
    );
    Ok(())
}

/// Registers a service for [`close_opened`].
fn register_opened(service: Arc<Service>) -> Arc<Service> {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.push(Arc::clone(&service));
    service
}

/// The services that this command has opened.
static OPENED: Mutex<Vec<Arc<Service>>> = Mutex::new(Vec::new());

/// Closes the opened services, so that each database is a single file without a journal.
pub(super) async fn close_opened() {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    for service in opened {
        // Expected while a server is running, which keeps the journal.
        if let Err(error) = service.close_stores().await {
            tracing::debug!(%error, "a database was not closed");
        }
    }
}

impl Place {
    pub(super) async fn open_environment(self) -> anyhow::Result<Local> {
        let service = open_data_folder(self.data.clone()).await?;
        self.resolve_environment(service)
    }

    /// Like [`Place::open_environment`], but a broken telemetry store causes only a warning.
    pub(super) async fn open_without_telemetry(self) -> anyhow::Result<Local> {
        let service = open_without_telemetry(self.data.clone()).await?;
        self.resolve_environment(service)
    }

    fn resolve_environment(self, service: Arc<Service>) -> anyhow::Result<Local> {
        let environment =
            service.find_environment(&self.project, &self.environment)?.environment().id;
        Ok(Local { service, environment, actor: local_actor() })
    }
}

/// Returns the caller of commands: the user of the shell.
pub(super) fn local_actor() -> Actor {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    Actor::from_command_line(&user)
}

/// Prints a line. A closed pipe is an error, which ends the command.
pub(super) fn print_line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("the output could not be written")
}

/// Prints a value as indented JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print_line(&serde_json::to_string_pretty(value)?)
}

/// Asks for confirmation on the terminal; only `y` and `yes` confirm.
pub(super) fn ask_confirmation(question: &str) -> anyhow::Result<bool> {
    write!(std::io::stdout(), "{question} [y/N] ")?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
