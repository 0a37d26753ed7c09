//! The sources of time and randomness, which are passed into the pure rules.

use anyhow::Context;
use phasegate_domain::Timestamp;
use phasegate_service::secrets::Seed;

pub(crate) fn current_time() -> Timestamp {
    chrono::Utc::now()
}

/// Returns random bytes from the operating system, enough for one secret.
pub(crate) fn generate_seed() -> anyhow::Result<Seed> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).context("the operating system gave no randomness")?;
    Ok(seed)
}
