//! Measures the KPIs of a rollout.

use std::collections::BTreeSet;

use phasegate_domain::{
    ids::{EnvironmentId, PhaseNumber},
    reports::KpiValue,
    rollout::Rollout,
    time::day_of,
};

use crate::{Service, ServiceError, gates::Evidence};

/// Measures each KPI of the plan for the users of all phases reached; empty before the start.
pub(super) async fn measure_kpis(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Vec<KpiValue>, ServiceError> {
    let kpis = &rollout.plan.kpis;
    let Some(serving) = rollout.state.status.serving_phase() else { return Ok(Vec::new()) };
    let reached = |phase: &PhaseNumber| *phase <= serving;
    let phases = rollout.plan.phases.iter().map(|phase| phase.number).filter(reached);
    let phases: BTreeSet<PhaseNumber> = phases.collect();
    let today = day_of(service.now());
    let began = rollout.state.started_at.map_or(today, day_of);
    let windows: BTreeSet<u16> = kpis.iter().map(|kpi| kpi.window_days).collect();
    let mut found = vec![None; kpis.len()];
    for window in windows {
        let days = ((today + 1 - i64::from(window)).max(began), today + 1);
        let evidence =
            Evidence::read_evidence(service, environment, rollout, phases.clone(), days).await?;
        for (place, kpi) in found.iter_mut().zip(kpis).filter(|(_, kpi)| kpi.window_days == window)
        {
            *place =
                Some(KpiValue::from_result(kpi, evidence.judge_target(&kpi.target(), kpis.len())));
        }
    }
    Ok(found.into_iter().flatten().collect())
}
