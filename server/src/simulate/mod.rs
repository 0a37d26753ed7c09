//! Sends a simulated population to a server over the endpoints that pages use, and compares the
//! measured numbers with the true ones.

mod body;
mod client;
mod readings;

use std::sync::Arc;

use anyhow::bail;
use phasegate_domain::{
    simulation::{
        Expected, FLAGS, PHASES, Population, Random, SEGMENTS, SimulatedSession, Simulation, Truth,
        session_batches,
    },
    time::TimeRange,
};
use serde::Serialize;
use tokio::task::JoinSet;

pub(crate) use self::client::Client;
pub use self::client::prepare_tls;
use self::readings::Readings;

/// The way in which a population's batches are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// The maximum number of batches in flight.
    pub(crate) at_once: usize,
    /// Shuffles the sessions, reverses the batches in each, and sends a batch of one session in ten
    /// twice.
    pub(crate) in_disorder: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { at_once: 256, in_disorder: false }
    }
}

/// A number with its true and its measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Metric {
    /// The name, `dimension/panel.field…`; without a dimension it covers all users.
    pub(crate) metric: String,
    /// `exact`, or `quantile` with a tolerance of 1 %.
    pub(crate) kind: &'static str,
    pub(crate) truth: f64,
    /// The measured value; `None` if no panel contains it.
    pub(crate) measured: Option<f64>,
    /// Whether the measured value equals the true one, within the tolerance of its kind.
    pub(crate) holds: bool,
}

/// Sends a population's batches and compares the panels with the truth. `progress` receives the
/// number of stored sessions and their total.
///
/// # Errors
/// Returns an error if the server rejects a request or stays unreachable.
pub(crate) async fn run_simulation(
    client: &Client,
    simulation: &Simulation,
    manner: Manner,
    progress: impl Fn(u64, u64),
) -> anyhow::Result<Vec<Metric>> {
    client.begin_simulation(simulation).await?;
    let population = Population::new(simulation.clone());
    let mut truth = Truth::default();
    let mut order: Vec<u32> = (0..).take(population.sessions.len()).collect();
    let mut chance = Random::new(simulation.seed, u64::MAX);
    if manner.in_disorder {
        shuffle_sessions(&mut order, &mut chance);
    }
    for session in &population.sessions {
        session_batches(simulation, session)
            .iter()
            .for_each(|batch| truth.add_batch(session, batch));
    }
    let bodies = order.iter().filter_map(|index| population.sessions.get(*index as usize));
    let bodies =
        bodies.flat_map(|session| encode_session(simulation, session, manner, &mut chance));
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
        under_way.spawn(async move { client.send_batch(body).await.map(|()| sessions) });
    }
    while let Some(ended) = under_way.join_next().await {
        done += ended??;
        progress(done, total);
    }
    let readings = read_panels(client, simulation).await?;
    Ok(truth
        .into_expected(simulation)
        .into_iter()
        .map(|one| compare_metric(one, &readings))
        .collect())
}

fn shuffle_sessions(order: &mut [u32], chance: &mut Random) {
    for last in (1..order.len()).rev() {
        let other = chance.draw_below(last as u64 + 1) as usize;
        order.swap(last, other);
    }
}

/// Returns the bodies to send for a session, each with the number of sessions that it completes.
fn encode_session(
    simulation: &Simulation,
    session: &SimulatedSession,
    manner: Manner,
    chance: &mut Random,
) -> Vec<(anyhow::Result<String>, u64)> {
    let mut parts = session_batches(simulation, session);
    if manner.in_disorder {
        parts.reverse();
        if chance.draw_chance(0.1) {
            parts.extend(parts.first().cloned());
        }
    }
    let last = parts.len().saturating_sub(1);
    let parts = parts.iter().enumerate();
    parts
        .map(|(n, part)| (body::encode_batch(simulation, session, part), u64::from(n == last)))
        .collect()
}

/// Reads the panels for all users and for each dimension.
async fn read_panels(client: &Client, simulation: &Simulation) -> anyhow::Result<Readings> {
    let last = simulation.last_day;
    let period = TimeRange::Days { first: simulation.first_day(), last }.to_query_string();
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
            readings.add_panel(dimension, &client.read_panel(panel, &query).await?);
        }
    }
    let arms = format!("{period}&flag={}", FLAGS.first().copied().unwrap_or_default());
    readings.add_panel("", &client.read_panel("analytics", &arms).await?);
    Ok(readings)
}

/// The relative error that quantile sketches guarantee.
const TOLERANCE: f64 = 0.01;

fn compare_metric(expected: Expected, readings: &Readings) -> Metric {
    let Expected { metric, is_quantile, truth } = expected;
    let measured = readings.get(&metric);
    let holds = match measured {
        // Panels omit rows without users.
        None => truth == 0.0,
        Some(measured) if is_quantile => {
            // The epsilon absorbs rounding of values exactly on the limit.
            (measured - truth).abs() <= truth * (TOLERANCE + 1e-9)
        }
        Some(measured) => measured.to_bits() == truth.to_bits(),
    };
    let kind = if is_quantile { "quantile" } else { "exact" };
    Metric { metric, kind, truth, measured, holds }
}

/// Checks that every measured number holds.
///
/// # Errors
/// Returns an error with the count of numbers that do not.
pub(crate) fn check_metrics(metrics: &[Metric]) -> anyhow::Result<()> {
    let wrong = metrics.iter().filter(|metric| !metric.holds).count();
    if wrong > 0 {
        bail!("{wrong} of {} numbers are not what they should be", metrics.len());
    }
    Ok(())
}

/// Runs a simulation against this server in the background and publishes its progress to pages.
pub(crate) async fn simulate_in_background(
    service: Arc<phasegate_service::Service>,
    environment: phasegate_domain::ids::EnvironmentId,
    client: Client,
    simulation: Simulation,
) {
    use phasegate_service::ingest::record_simulation_progress;
    record_simulation_progress(&service, environment, Some((0, 1)));
    let progress =
        |done, total| record_simulation_progress(&service, environment, Some((done, total)));
    match run_simulation(&client, &simulation, Manner::default(), progress).await {
        Ok(metrics) => {
            let wrong = metrics.iter().filter(|metric| !metric.holds).count();
            tracing::info!(numbers = metrics.len(), wrong, "the simulation is complete");
        }
        Err(error) => tracing::error!("the simulation could not be completed: {error:#}"),
    }
    record_simulation_progress(&service, environment, None);
}
