//! Finds out since when the telemetry behind a criterion has been collected.

use phasegate_domain::{
    Timestamp,
    audit::{Change, SubjectKind},
    config::{CollectionSettings, Switch},
    ids::EnvironmentId,
    plan::CriterionMetric,
    time::day_of,
};
use phasegate_store::models::AuditQuery;
use serde_json::Value;

use super::unmeasured::Unmeasured;
use crate::{
    Service, ServiceError,
    collection_settings::{find_pinned_switch, resolve_collection_settings},
};

/// The maximum number of settings changes that are read. If there are more, telemetry counts as
/// collected only from the day after the oldest of these.
const CHANGES: u32 = 500;

/// The first full day of collection by switch, or why there is none; in the order of
/// [`Switch::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collection([Result<i64, Unmeasured>; 3]);

impl Collection {
    /// Reads since when each switch has been on, looking back to `from_day`.
    pub(super) async fn read_collection(
        service: &Service,
        environment: EnvironmentId,
        from_day: i64,
    ) -> Result<Self, ServiceError> {
        let live = service.environment(environment)?;
        let current = resolve_collection_settings(service, &live);
        let query = AuditQuery {
            kind: Some(SubjectKind::Environment),
            since: Timestamp::from_timestamp(from_day * 86_400, 0),
            limit: CHANGES,
            ..AuditQuery::default()
        };
        let lines = service.stores.state.read_audit_records(environment.real_id(), &query).await?;
        let is_cut = lines.len() == CHANGES as usize;
        let oldest = lines.last().filter(|_| is_cut).map(|line| day_of(line.entry.at) + 1);
        let known_from = oldest.unwrap_or(from_day).max(from_day);
        let changes: Vec<(Timestamp, Change)> =
            lines.into_iter().map(|line| (line.entry.at, line.entry.change)).collect();
        Ok(Self(Switch::ALL.map(|switch| {
            match find_pinned_switch(service, switch) {
                Some((variable, false)) => {
                    let variable = variable.to_owned();
                    return Err(Unmeasured::PinnedOff { switch, variable });
                }
                // Variables leave no audit entries: the switch counts as on for the whole time.
                Some((_, true)) => return Ok(from_day),
                None => {}
            }
            switched_on_since(switch, current, &changes, known_from)
        })))
    }

    /// Returns the first full day of collection.
    ///
    /// # Errors
    /// Returns the reason why nothing is collected.
    pub(super) fn collected_since(&self, switch: Switch) -> Result<i64, Unmeasured> {
        let mut all = Switch::ALL.into_iter().zip(&self.0);
        let found = all.find(|(known, _)| *known == switch).map(|(_, since)| since.clone());
        found.unwrap_or(Ok(i64::MIN))
    }
}

/// Returns the first full day of collection. `changes` are ordered newest first.
fn switched_on_since(
    switch: Switch,
    current: CollectionSettings,
    changes: &[(Timestamp, Change)],
    from_day: i64,
) -> Result<i64, Unmeasured> {
    if current.sample_rate.buckets() == 0 {
        return Err(Unmeasured::NothingSampled);
    }
    if !current.is_on(switch) {
        return Err(Unmeasured::SwitchedOff(switch));
    }
    let was_off = |(_, change): &&(Timestamp, Change)| match change {
        Change::Saved { before: Some(before), .. } => {
            before.pointer(&format!("/collection_settings/{}", switch.as_str()))
                == Some(&Value::Bool(false))
        }
        _ => false,
    };
    Ok(changes.iter().find(was_off).map_or(from_day, |(at, _)| day_of(*at) + 1))
}

/// Returns the reason for a switch that is collected in full from a future day on.
pub(super) fn late_start(switch: Switch, day: i64) -> Unmeasured {
    let at = Timestamp::from_timestamp(day * 86_400, 0).unwrap_or_default();
    Unmeasured::JustStarted { switch, from: at.date_naive() }
}

/// Returns the switch that a metric depends on. Feedback is always collected.
pub(super) fn required_switch(metric: CriterionMetric) -> Option<Switch> {
    match metric {
        CriterionMetric::ErrorRate
        | CriterionMetric::CriticalErrorRate
        | CriterionMetric::CriticalBugs => Some(Switch::Errors),
        CriterionMetric::PerformanceScore | CriterionMetric::GoodVitals => {
            Some(Switch::Performance)
        }
        CriterionMetric::AdoptionRate
        | CriterionMetric::Retention
        | CriterionMetric::Retention30
        | CriterionMetric::Engagement
        | CriterionMetric::SessionDuration
        | CriterionMetric::Events => Some(Switch::Analytics),
        CriterionMetric::UserSatisfaction | CriterionMetric::Nps | CriterionMetric::Uptime => None,
    }
}

#[cfg(test)]
mod tests {
    use phasegate_domain::targeting::Share;
    use serde_json::json;

    use super::*;

    #[test]
    fn evidence_starts_the_day_after_collection_is_switched_on() {
        let at = |day: i64| Timestamp::from_timestamp(day * 86_400 + 3_600, 0).unwrap();
        let of = |errors: bool| json!({"collection_settings": {"errors": errors}});
        let change = |day, before: bool| {
            let (before, after) = (of(before), of(!before));
            let (kind, key) = (SubjectKind::Environment, "collection_settings".to_owned());
            (at(day), Change::Saved { kind, key, before: Some(before), after: Some(after) })
        };
        let on = CollectionSettings::default();
        let off = on.with_switch(Switch::Errors, false);
        let changes = [change(105, false), change(102, true)];
        assert_eq!(switched_on_since(Switch::Errors, on, &changes, 100), Ok(106));
        assert_eq!(switched_on_since(Switch::Analytics, on, &changes, 100), Ok(100));
        assert_eq!(switched_on_since(Switch::Errors, on, &[], 100), Ok(100));
        let anonymous = CollectionSettings { sample_rate: Share::from_percent(0.0).unwrap(), ..on };
        assert!(
            switched_on_since(Switch::Errors, anonymous, &[], 100)
                .unwrap_err()
                .to_string()
                .contains("is 0 %")
        );
        let refused = switched_on_since(Switch::Errors, off, &[], 100).unwrap_err().to_string();
        assert!(refused.starts_with("not measured: errors are not collected"), "{refused}");
    }
}
