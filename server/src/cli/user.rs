//! `phasegate user …`.

use std::path::PathBuf;

use clap::Subcommand;
use phasegate_service::{accounts, secrets};

use super::local;
use crate::clock;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Give an account a new password, which is printed; its sessions end.
    SetPassword {
        /// The account's e-mail address
        email: String,
        /// Folder for databases and secrets [default: ./data]
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

pub(super) async fn run(command: UserCommand) -> anyhow::Result<()> {
    let UserCommand::SetPassword { email, data } = command;
    let service = local::open(data).await?;
    let password = secrets::text("", &clock::seed()?, 20);
    accounts::set_password(&service, &email, &password, clock::seed()?).await?;
    local::print(&password)
}
