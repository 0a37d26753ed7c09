//! `phasegate user …`.
#![allow(clippy::print_stdout, reason = "the new password is what the command is for")]

use phasegate_service::{accounts, secrets};

use crate::{clock, config::Config, serve};

/// Makes a new password for an account and prints it.
pub(crate) async fn set_password(config: Config, email: String) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.data.join("state.db").exists(),
        "there is no state.db in {}; name the data folder with --data",
        config.data.display()
    );
    let service = serve::open(&config).await?;
    let password = secrets::text("", &clock::seed()?, 20);
    accounts::set_password(&service, &email, &password, clock::seed()?).await?;
    println!("{password}");
    Ok(())
}
