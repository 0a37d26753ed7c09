//! The first start: creates an admin, keys and the guide's plan, and prints the credentials.

use std::io::Write;

use anyhow::Context;
use phasegate_service::{Service, rollout::find_template, secrets, setup};

use crate::{clock, config::Config};

const DEFAULT_EMAIL: &str = "admin@phasegate.local";

/// Sets up an empty data folder; does nothing if it is already set up.
pub(crate) async fn set_up_first_start(
    service: &Service,
    config: &Config,
    url: &str,
) -> anyhow::Result<()> {
    if !setup::is_first_start(service).await? {
        return Ok(());
    }
    let made = |given: Option<&str>, prefix: &str, length: usize| -> anyhow::Result<String> {
        match given {
            Some(given) => Ok(given.to_owned()),
            None => Ok(secrets::random_text(prefix, &clock::generate_seed()?, length)),
        }
    };
    let new = setup::FirstSecrets {
        email: config.admin_email.clone().unwrap_or_else(|| DEFAULT_EMAIL.to_owned()),
        password: made(config.admin_password.as_deref(), "", 20)?,
        client_key: made(config.client_key(), "pk_", 24)?,
        server_token: made(config.server_token(), "pgs_", 32)?,
    };
    let guide = find_template("exercise-library").context("the built-in plan is missing")?;
    let plan = setup::parse_plan(guide.text).context("the built-in plan is broken")?;
    let seeds = [clock::generate_seed()?, clock::generate_seed()?];
    if setup::run_first_start(service, &new, plan, seeds).await?.is_none() {
        return Ok(());
    }
    writeln!(std::io::stdout(), "{}", welcome_message(config, &new, url)).with_context(|| {
        format!(
            "the password could not be printed; run: phasegate account set-password {}",
            new.email
        )
    })
}

/// Warns about first-start settings that differ from what is stored and are therefore ignored.
pub(crate) async fn warn_of_ignored(service: &Service, config: &Config) {
    let email = config.admin_email.as_deref().unwrap_or(DEFAULT_EMAIL);
    let asked = config.admin_email.is_some() || config.admin_password.is_some();
    let found = setup::find_ignored_settings(
        service,
        asked.then_some(email),
        config.admin_password.as_deref(),
        config.client_key(),
        config.server_token(),
    );
    let found = match found.await {
        Ok(found) => found,
        Err(error) => return tracing::warn!(%error, "settings could not be compared"),
    };
    for (is_ignored, setting, instead) in [
        (found.email, "admin_email", format!("phasegate account add {email} --role admin")),
        (found.password, "admin_password", format!("phasegate account set-password {email}")),
        (found.client_key, "client_key", "Settings in the admin".to_owned()),
        (found.server_token, "server_token", "phasegate token create".to_owned()),
    ] {
        if is_ignored {
            tracing::warn!(
                "{setting} is ignored, because it counts at the first start only; use {instead}"
            );
        }
    }
}

/// Returns the welcome message. A configured password or server token is not repeated.
fn welcome_message(config: &Config, new: &setup::FirstSecrets, url: &str) -> String {
    let password = match config.admin_password {
        Some(_) => "(as configured)",
        None => &new.password,
    };
    let mut text = format!(
        "\nWelcome to Phasegate. These are shown once:\n\n  \
         address       {url}/login\n  e-mail        {}\n  password      {password}\n  client key    {}\n",
        new.email, new.client_key
    );
    if config.server_token.is_none() {
        text.push_str(&format!("  server token  {}\n", new.server_token));
    }
    if config.demo {
        text.push_str(&format!("  demo          {url}/demo\n"));
    }
    text
}
