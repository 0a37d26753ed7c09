//! `phasegate person …`.

use std::io::IsTerminal;

use anyhow::bail;
use clap::Subcommand;
use phasegate_service::privacy::{erase_user, person_data};

use super::local::{Local, Place, confirm, print, print_json};

#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    /// Print all that is kept about a person, as JSON.
    Export {
        /// The id by which the app calls the person
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Forget a person; it cannot be undone.
    Delete {
        /// The id by which the app calls the person
        id: String,
        /// Apply it without a question
        #[arg(long)]
        yes: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
}

pub(super) async fn run(command: PersonCommand) -> anyhow::Result<()> {
    match command {
        PersonCommand::Export { id, place } => {
            let Local { service, environment, actor } = place.open().await?;
            print_json(&person_data(&service, &actor, environment, &id).await?)
        }
        PersonCommand::Delete { id, yes, json, place } => {
            let Local { service, environment, actor } = place.open().await?;
            if !yes && !confirmed(&id)? {
                bail!("nothing was deleted");
            }
            let forgotten = erase_user(&service, &actor, environment, &id).await?;
            if json {
                return print_json(&forgotten);
            }
            if !forgotten.was_known {
                return print(&format!("Nothing was kept about {id}."));
            }
            print(&format!(
                "Forgot {id}: out of {} sets of people, {} errors and pieces of feedback, {} batches of raw events.",
                forgotten.sets, forgotten.reports, forgotten.batches
            ))
        }
    }
}

fn confirmed(id: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nothing was deleted, because there is no terminal to ask; repeat it with --yes");
    }
    confirm(&format!("Forget all about {id}? It cannot be undone."))
}
