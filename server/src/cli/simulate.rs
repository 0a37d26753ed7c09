//! The command `phasegate simulate`.

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use phasegate_domain::{simulation::Simulation, time::day_of};
use serde_json::json;

use super::local::{print_json, print_line};
use crate::{
    clock,
    simulate::{Client, Manner, Metric, check_metrics, run_simulation},
};

#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// The URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The client key of the environment
    #[arg(long, env = "PHASEGATE_CLIENT_KEY")]
    client_key: String,
    /// The number of simulated users
    #[arg(long, default_value_t = 2_000)]
    users: u32,
    /// The number of days with activity, up to yesterday
    #[arg(long, default_value_t = 30)]
    days: u16,
    /// The random seed; the same seed creates the same users
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The phase (1 to 3) in which the newest feature makes pages slow and faulty
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3))]
    regression: Option<u16>,
    /// The maximum number of batches in flight
    #[arg(long, default_value_t = Manner::default().at_once)]
    at_once: usize,
    /// Send batches out of order, and a batch of one session in ten twice
    #[arg(long)]
    disorder: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub(super) async fn run_simulate(args: SimulateArgs) -> anyhow::Result<()> {
    let simulation = Simulation {
        users: args.users,
        days: args.days,
        seed: args.seed,
        last_day: day_of(clock::current_time()) - 1,
        regression: args.regression,
    };
    simulation
        .validate(simulation.last_day + 1)
        .map_err(|problem| anyhow::anyhow!("--{problem}"))?;
    let client = Client::new(&args.url, &args.client_key)?;
    let bar = ProgressBar::new(1).with_style(progress_style()?);
    let manner = Manner { at_once: args.at_once, in_disorder: args.disorder };
    let metrics = run_simulation(&client, &simulation, manner, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    if args.json {
        print_json(&json!({"simulation": simulation, "metrics": metrics}))?;
    } else {
        print_metrics(&metrics)?;
    }
    check_metrics(&metrics)
}

/// The style of the progress bar, which is drawn only if standard error is a terminal.
fn progress_style() -> anyhow::Result<ProgressStyle> {
    ProgressStyle::with_template("{bar:40} {pos} of {len} sessions, {per_sec}, {eta} left")
        .context("the progress bar")
}

fn print_metrics(metrics: &[Metric]) -> anyhow::Result<()> {
    let width = metrics.iter().map(|metric| metric.metric.len()).max().unwrap_or_default();
    for metric in metrics {
        let sign = if metric.holds { ' ' } else { '!' };
        let measured = metric.measured.map_or_else(|| "–".to_owned(), format_number);
        let (name, kind, truth) = (&metric.metric, metric.kind, format_number(metric.truth));
        print_line(&format!("{sign} {name:width$}  {kind:8}  {truth:>14}  {measured:>14}"))?;
    }
    let (exact, quantiles): (Vec<&Metric>, Vec<&Metric>) =
        metrics.iter().partition(|metric| metric.kind == "exact");
    let holding = |metrics: &[&Metric]| metrics.iter().filter(|metric| metric.holds).count();
    print_line(&format!(
        "{} of {} exact numbers are equal, {} of {} quantiles within 1 %. All of it is marked as simulated; the admin removes it with one click.",
        holding(&exact),
        exact.len(),
        holding(&quantiles),
        quantiles.len()
    ))
}

fn format_number(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.6}") }
}
