//! The commands `phasegate user …`.

use std::io::IsTerminal;

use anyhow::bail;
use clap::Subcommand;
use phasegate_service::privacy::{erase_user, read_user_data};

use super::local::{Local, Place, ask_confirmation, print_json, print_line};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Print all stored data of a user as JSON.
    Export {
        /// The id that the app gives the user
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Erase the data of a user; this cannot be undone.
    Delete {
        /// The id that the app gives the user
        id: String,
        /// Erase without asking for confirmation
        #[arg(long)]
        yes: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
}

pub(super) async fn run_user(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Export { id, place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            print_json(&read_user_data(&service, &actor, environment, &id).await?)
        }
        UserCommand::Delete { id, yes, json, place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            if !yes && !confirm_erasure(&id)? {
                bail!("nothing was deleted");
            }
            let erased = erase_user(&service, &actor, environment, &id).await?;
            if json {
                return print_json(&erased);
            }
            if !erased.was_known {
                return print_line(&format!("Nothing was kept about {id}."));
            }
            print_line(&format!(
                "Erased {id} from {} user sets, {} error events and feedback items, and {} batches of raw events.",
                erased.activities, erased.reports, erased.batches
            ))
        }
    }
}

fn confirm_erasure(id: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nothing was deleted, because there is no terminal to ask; repeat it with --yes");
    }
    ask_confirmation(&format!("Erase all data of {id}? It cannot be undone."))
}
