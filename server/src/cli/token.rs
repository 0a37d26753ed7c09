//! The commands `phasegate token …`.

use anyhow::Context;
use clap::Subcommand;
use phasegate_domain::{
    accounts::{Reach, Scope},
    ids::TokenId,
};
use phasegate_service::{
    accounts::account_by_email,
    tokens::{TokenFields, create_token, delete_token, list_tokens, read_token},
};
use serde_json::{Value, json};

use super::local::{Local, Place, print_json, print_line};
use crate::clock;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Create a server token and print its secret once.
    Create {
        /// The name of the token in the audit log
        #[arg(long)]
        name: String,
        /// The scopes, comma-separated: evaluate, ingest, read, write, admin
        #[arg(long = "scope", value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// Grant access to all environments of the project, and to what they share: flags,
        /// variants, segments
        #[arg(long)]
        whole_project: bool,
        /// The e-mail address of the account responsible for the token; its votes count as that
        /// account's
        #[arg(long, value_name = "EMAIL")]
        owner: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// List the server tokens of an environment.
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Delete a server token, with immediate effect.
    Delete {
        /// The id of the token, as `list` shows it
        id: i64,
        #[command(flatten)]
        place: Place,
    },
}

pub(super) async fn run_token(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { name, scopes, whole_project: project, owner, json, place } => {
            let scope = |name: &String| {
                Scope::parse(name).with_context(|| {
                    format!("--scope: there is no scope {name:?}; choose evaluate, ingest, read, write or admin")
                })
            };
            let scopes = scopes.iter().map(scope).collect::<anyhow::Result<_>>()?;
            let Local { service, environment, actor } = place.open_environment().await?;
            let actor = match owner {
                Some(email) => actor.acting_for(&account_by_email(&service, &email).await?),
                None => actor,
            };
            let reach = if project { Reach::Project } else { Reach::Environment };
            let fields = TokenFields { name, scopes, reach };
            let made =
                create_token(&service, &actor, environment, &fields, &clock::generate_seed()?)
                    .await?;
            match json {
                true => print_json(&json!({"id": made.token.id, "secret": made.secret})),
                false => print_line(&made.secret),
            }
        }
        TokenCommand::List { json, place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            let all = list_tokens(&service, &actor, environment).await?;
            if json {
                let one = |token: &phasegate_store::models::ServerToken| {
                    json!({"id": token.id, "name": token.name, "scopes": token.scopes, "reach": token.reach,
                        "created_at": token.created_at, "last_used_at": token.last_used_at})
                };
                return print_json(&all.iter().map(one).collect::<Value>());
            }
            for token in all {
                let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
                print_line(&format!("{:4}  {}  ({})", token.id.0, token.name, scopes.join(", ")))?;
            }
            Ok(())
        }
        TokenCommand::Delete { id, place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            let found = read_token(&service, &actor, environment, TokenId(id)).await?;
            delete_token(&service, &actor, &found).await?;
            print_line(&format!("Deleted {}.", found.name))
        }
    }
}
