//! The commands `phasegate account …`.

use std::path::PathBuf;

use clap::Subcommand;
use phasegate_domain::accounts::Role;
use phasegate_service::{accounts, secrets};

use super::local;
use crate::clock;

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Create an account with a random password, which is printed.
    Add {
        /// The account's e-mail address
        email: String,
        /// The role: viewer, operator or admin
        #[arg(long, default_value = "operator", value_parser = ["viewer", "operator", "admin"])]
        role: String,
        /// Folder for databases and secrets [default: ./data]
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Set a random password, which is printed, and end all sessions of the account.
    SetPassword {
        /// The account's e-mail address
        email: String,
        /// Folder for databases and secrets [default: ./data]
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

pub(super) async fn run_account(command: AccountCommand) -> anyhow::Result<()> {
    let password = secrets::random_text("", &clock::generate_seed()?, 20);
    match command {
        AccountCommand::Add { email, role, data } => {
            let service = local::open_data_folder(data).await?;
            let role = Role::parse(&role).unwrap_or(Role::Viewer);
            let salt = clock::generate_seed()?;
            let actor = local::local_actor();
            accounts::create_account(&service, &actor, &email, &password, role, salt).await?;
        }
        AccountCommand::SetPassword { email, data } => {
            let service = local::open_data_folder(data).await?;
            let salt = clock::generate_seed()?;
            let actor = local::local_actor();
            accounts::set_password(&service, &actor, &email, &password, salt).await?;
        }
    }
    local::print_line(&password)
}
