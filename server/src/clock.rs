//! The edges of purity: the time and randomness that rules are given.

use anyhow::Context;
use phasegate_domain::Timestamp;
use phasegate_service::secrets::Seed;

pub(crate) fn now() -> Timestamp {
    chrono::Utc::now()
}

/// Randomness for one secret, from the operating system.
pub(crate) fn seed() -> anyhow::Result<Seed> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).context("the operating system gave no randomness")?;
    Ok(seed)
}
