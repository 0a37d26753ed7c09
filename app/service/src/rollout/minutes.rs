//! The first minutes of a phase.

use std::sync::Arc;

use phasegate_domain::{
    ids::{EnvironmentId, FlagKey},
    metrics::{Dimension, Metric, parse_exposure_label},
    reports::{Counts, FIRST_MINUTES, FirstMinutes},
    rollout::Rollout,
    time::{Resolution, minute_of},
    vitals::Vital,
};
use phasegate_store::models::{Rollup, RollupQuery};

use crate::{CachedEnvironment, Service, ServiceError};

const METRICS: [Metric; 6] = [
    Metric::Views,
    Metric::Sessions,
    Metric::ErrorSessions,
    Metric::Errors,
    Metric::Exposures,
    Metric::Vital(Vital::Lcp),
];

/// Reads the counts since the phase began; `None` before the start and after [`FIRST_MINUTES`]
/// minutes.
pub(super) async fn read_first_minutes(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Option<FirstMinutes>, ServiceError> {
    let Some(progress) = rollout.state.status.progress() else { return Ok(None) };
    let (since, now) = (minute_of(progress.phase_since), minute_of(service.now()));
    if now - since >= FIRST_MINUTES {
        return Ok(None);
    }
    let to = now + 1;
    let query = RollupQuery {
        environment,
        resolution: Resolution::Minute,
        metrics: METRICS.to_vec(),
        dimensions: vec![Dimension::All],
        from: since - (to - since),
        to,
    };
    let rows = service.stores.telemetry.read_rollups(&query).await?;
    let live = service.environment(environment)?;
    let (before, after): (Vec<&Arc<Rollup>>, Vec<&Arc<Rollup>>) =
        rows.iter().partition(|row| row.bucket < since);
    let added = rollout.plan.phase(progress.phase).map(|phase| phase.flags.clone());
    let flags = added.unwrap_or_default().into_iter();
    let errors = (since..to).map(|minute| {
        let rows = after.iter().filter(|row| row.metric == Metric::Errors && row.bucket == minute);
        rows.map(|row| row.aggregate.count()).sum()
    });
    Ok(Some(FirstMinutes {
        since: progress.phase_since,
        flags: flags.map(|flag| count_exposures(&live, flag, &after)).collect(),
        errors: errors.collect(),
        now: sum_counts(&after),
        before: sum_counts(&before),
    }))
}

/// Returns a flag with its exposures to the rollout's variant, and to others.
fn count_exposures(
    live: &CachedEnvironment,
    flag: FlagKey,
    rows: &[&Arc<Rollup>],
) -> (FlagKey, u64, u64) {
    let on = live.stored_flag(flag.as_str()).ok().map(|stored| &stored.flag.rollout_variant);
    let (mut given, mut refused) = (0, 0);
    for row in rows.iter().filter(|row| row.metric == Metric::Exposures) {
        if let Some((of, variant)) = parse_exposure_label(&row.label)
            && of == flag
        {
            let count = if on == Some(&variant) { &mut given } else { &mut refused };
            *count += row.aggregate.count();
        }
    }
    (flag, given, refused)
}

fn sum_counts(rows: &[&Arc<Rollup>]) -> Counts {
    let of = |metric| rows.iter().filter(move |row| row.metric == metric);
    let count = |metric| of(metric).map(|row| row.aggregate.count()).sum();
    let mut lcp = phasegate_domain::stats::Sketch::default();
    of(Metric::Vital(Vital::Lcp)).for_each(|row| lcp.merge(row.aggregate.sketch()));
    Counts {
        views: count(Metric::Views),
        sessions: count(Metric::Sessions),
        error_sessions: count(Metric::ErrorSessions),
        errors: count(Metric::Errors),
        lcp: lcp.quantile(0.75).map(|millionths| millionths / 1e6),
    }
}
