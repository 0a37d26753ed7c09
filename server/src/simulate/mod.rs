//! Drives a server with a simulated population, over the endpoints that pages use, and compares
//! what it measures against what is known to be true.

mod body;
mod client;
mod readings;

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use phasegate_domain::{
    simulation::{
        Expected, FLAGS, PHASES, Population, Random, SEGMENTS, SimulatedSession, Simulation, Truth,
        batches,
    },
    time::TimeRange,
};
use serde::Serialize;
use tokio::task::JoinSet;

pub(crate) use self::client::Client;
pub use self::client::prepare_tls;
use self::readings::Readings;

/// How a population's batches are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Batches that are under way at once.
    pub(crate) at_once: usize,
    /// In an order that means nothing, and one in ten twice.
    pub(crate) in_disorder: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { at_once: 256, in_disorder: false }
    }
}

/// One number: what is true, and what the system says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Metric {
    /// Its name: `dimension/panel.field…`; without a dimension it is about all users.
    pub(crate) metric: String,
    /// `exact`, or `quantile`, which may be off by 1 %.
    pub(crate) kind: &'static str,
    pub(crate) truth: f64,
    /// What the system measured; nothing if it says nothing about it.
    pub(crate) measured: Option<f64>,
    /// Whether the one is the other, as far as it has to be.
    pub(crate) holds: bool,
}

/// Sends all that a population does, and asks what was measured of it. `progress` is told how many
/// batches of how many are stored.
///
/// # Errors
/// When the server refuses, or stays away.
pub(crate) async fn simulate(
    client: &Client,
    simulation: &Simulation,
    manner: Manner,
    progress: impl Fn(u64, u64),
) -> anyhow::Result<Vec<Metric>> {
    client.begin(simulation).await?;
    let population = Population::new(simulation.clone());
    let mut truth = Truth::default();
    let mut order: Vec<u32> = (0..).take(population.sessions.len()).collect();
    let mut chance = Random::new(simulation.seed, u64::MAX);
    if manner.in_disorder {
        shuffle(&mut order, &mut chance);
    }
    for session in &population.sessions {
        batches(simulation, session).iter().for_each(|batch| truth.add(session, batch));
    }
    let bodies = order.iter().filter_map(|index| population.sessions.get(*index as usize));
    let bodies = bodies.flat_map(|session| sent(simulation, session, manner, &mut chance));
    let total = population.sessions.len() as u64;
    let mut done = 0;
    let mut under_way: JoinSet<anyhow::Result<u64>> = JoinSet::new();
    for (body, sessions) in bodies {
        if under_way.len() >= manner.at_once.max(1)
            && let Some(ended) = under_way.join_next().await
        {
            done += ended??;
            progress(done, total);
        }
        let (client, body) = (client.clone(), body?);
        under_way.spawn(async move { client.send(body).await.map(|()| sessions) });
    }
    while let Some(ended) = under_way.join_next().await {
        done += ended??;
        progress(done, total);
    }
    let readings = read(client, simulation).await?;
    Ok(truth.expected(simulation).into_iter().map(|one| compare(one, &readings)).collect())
}

fn shuffle(order: &mut [u32], chance: &mut Random) {
    for last in (1..order.len()).rev() {
        let other = chance.below(last as u64 + 1) as usize;
        order.swap(last, other);
    }
}

/// What is sent of a session, with how many sessions are done with each.
fn sent(
    simulation: &Simulation,
    session: &SimulatedSession,
    manner: Manner,
    chance: &mut Random,
) -> Vec<(anyhow::Result<String>, u64)> {
    let mut parts = batches(simulation, session);
    if manner.in_disorder {
        parts.reverse();
        if chance.happens(0.1) {
            parts.extend(parts.first().cloned());
        }
    }
    let last = parts.len().saturating_sub(1);
    let parts = parts.iter().enumerate();
    parts.map(|(n, part)| (body::of(simulation, session, part), u64::from(n == last))).collect()
}

/// All that the panels say, of all users and of each dimension.
async fn read(client: &Client, simulation: &Simulation) -> anyhow::Result<Readings> {
    let last = simulation.last_day;
    let period = TimeRange::Days { first: simulation.first_day(), last }.query();
    let mut dimensions = vec![String::new()];
    dimensions.extend(SEGMENTS.iter().map(|segment| format!("segment:{segment}")));
    for (phase, _) in PHASES {
        dimensions.push(format!("phase:{phase}"));
        for flag in FLAGS.iter().take(usize::from(phase)) {
            dimensions
                .extend(["on", "off"].map(|variant| format!("flag:{flag}:{variant}:{phase}")));
        }
    }
    let mut readings = Readings::default();
    for dimension in &dimensions {
        for panel in ["analytics", "performance"] {
            let query = format!("{period}&dimension={dimension}");
            readings.add(dimension, &client.panel(panel, &query).await?);
        }
    }
    let arms = format!("{period}&flag={}", FLAGS.first().copied().unwrap_or_default());
    readings.add("", &client.panel("analytics", &arms).await?);
    Ok(readings)
}

/// The error that sketches promise to stay within.
const TOLERANCE: f64 = 0.01;

fn compare(expected: Expected, readings: &Readings) -> Metric {
    let Expected { metric, is_quantile, truth } = expected;
    let measured = readings.get(&metric);
    let holds = match measured {
        // Rows without a user are not shown.
        None => truth == 0.0,
        Some(measured) if is_quantile => {
            // A value that lies on the limit exactly may be rounded to either side of it.
            (measured - truth).abs() <= truth * (TOLERANCE + 1e-9)
        }
        Some(measured) => measured.to_bits() == truth.to_bits(),
    };
    let kind = if is_quantile { "quantile" } else { "exact" };
    Metric { metric, kind, truth, measured, holds }
}

/// How long a server may be away before it is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Says what did not come out, if anything.
///
/// # Errors
/// When a number is not what it should be.
pub(crate) fn check(metrics: &[Metric]) -> anyhow::Result<()> {
    let wrong = metrics.iter().filter(|metric| !metric.holds).count();
    if wrong > 0 {
        bail!("{wrong} of {} numbers are not what they should be", metrics.len());
    }
    Ok(())
}

/// Runs a simulation beside the server that it drives, and tells the pages how far it is.
pub(crate) async fn in_background(
    service: Arc<phasegate_service::Service>,
    environment: phasegate_domain::ids::EnvironmentId,
    client: Client,
    simulation: Simulation,
) {
    use phasegate_service::ingest::note_progress;
    note_progress(&service, environment, Some((0, 1)));
    let progress = |done, total| note_progress(&service, environment, Some((done, total)));
    match simulate(&client, &simulation, Manner::default(), progress).await {
        Ok(metrics) => {
            let wrong = metrics.iter().filter(|metric| !metric.holds).count();
            tracing::info!(numbers = metrics.len(), wrong, "the simulation is complete");
        }
        Err(error) => tracing::error!("the simulation could not be completed: {error:#}"),
    }
    note_progress(&service, environment, None);
}
