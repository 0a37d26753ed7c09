//! The stored numbers about a rollout's users: rollups and user sets by day, and those of the time
//! before the rollout that they are compared with.

use phasegate_domain::{
    analytics::ActivityIndex,
    config::Switch,
    events::Arm,
    ids::{EnvironmentId, FlagKey, PhaseNumber, SegmentKey, VariantName},
    metrics::{Activity, ActivityFilter, Dimension, Metric},
    plan::{CriterionMetric, Target},
    rollout::Rollout,
    stats::{Aggregate, UserSet},
    targeting::Share,
    time::{Resolution, day_of},
    vitals::Vital,
};
use std::collections::{BTreeMap, BTreeSet};

use phasegate_store::models::RollupQuery;

use super::{
    collection::{Collection, late_start, required_switch},
    unmeasured::Unmeasured,
};
use crate::{Service, ServiceError};

const METRICS: [Metric; 7] = [
    Metric::Sessions,
    Metric::ErrorSessions,
    Metric::CriticalSessions,
    Metric::Feedback,
    Metric::Nps,
    Metric::Engagement,
    Metric::Custom,
];

/// The number of days before the rollout that serve as baseline.
const DAYS_BEFORE: i64 = 28;

/// The maximum number of feedback items that are searched for bug reports, newest first.
const REPORTS: u32 = 500;

/// A range of days since 1970-01-01, UTC; the last one is excluded.
pub(crate) type Days = (i64, i64);

/// The users that a measurement covers.
#[derive(Debug, Clone)]
pub(super) enum Group {
    /// Users in a treatment arm whose visits evaluated a flag of the rollout.
    Members,
    /// Users who were exposed to the rollout's variant of a flag.
    Given(FlagKey),
    /// One side of an audience entry, in all phases covered.
    Side(BTreeSet<Arm>),
    /// All users, before the rollout.
    Before,
}

/// The day, label and aggregate of a rollup.
type Labelled = (i64, String, Aggregate);

pub(crate) struct Evidence {
    /// The days that the evidence covers.
    pub(super) days: Days,
    /// The days before the rollout; `None` if its start is unknown.
    pub(super) before: Option<Days>,
    pub(super) today: i64,
    pub(super) activity_index: ActivityIndex,
    pub(super) activity_index_before: ActivityIndex,
    /// The flags that the phases add, up to the last one covered, with the variant of the rollout.
    pub(super) flags: BTreeMap<FlagKey, VariantName>,
    pub(super) phases: BTreeSet<PhaseNumber>,
    pub(super) arms: BTreeSet<Arm>,
    /// The audience entry whose arms are compared, and its planned share.
    pub(super) compared: Option<(SegmentKey, Share)>,
    /// Since when each kind of telemetry has been collected.
    collection: Collection,
    /// The names of custom events that were received from any user, on these days or before the
    /// rollout.
    events: BTreeSet<String>,
    /// The days of bug reports, all of which count as open because feedback has no state.
    bug_reports: Vec<i64>,
    rows: BTreeMap<(Metric, Dimension), Vec<Labelled>>,
}

impl Evidence {
    /// Reads the evidence about the users of `phases` on `days`.
    pub(crate) async fn read_evidence(
        service: &Service,
        environment: EnvironmentId,
        rollout: &Rollout,
        phases: BTreeSet<PhaseNumber>,
        days: Days,
    ) -> Result<Self, ServiceError> {
        let live = service.environment(environment)?;
        let last = phases.last().copied().unwrap_or(PhaseNumber::FIRST);
        let reached = rollout.plan.phases.iter().take_while(|phase| phase.number <= last);
        let given = |flag: &FlagKey| {
            let stored = live.stored_flag(flag.as_str()).ok()?;
            Some((flag.clone(), stored.flag.rollout_variant.clone()))
        };
        let flags: BTreeMap<FlagKey, VariantName> =
            reached.flat_map(|phase| &phase.flags).filter_map(given).collect();
        let arms: BTreeSet<Arm> =
            phases.iter().flat_map(|phase| rollout.plan.possible_arms(*phase)).collect();
        let mut dimensions: Vec<Dimension> = arms.iter().cloned().map(Dimension::Arm).collect();
        for (flag, variant) in &flags {
            let dimension = |phase| Dimension::Flag(flag.clone(), variant.clone(), Some(phase));
            dimensions.extend(phases.iter().copied().map(dimension));
        }
        let metrics: Vec<Metric> =
            METRICS.into_iter().chain(Vital::ALL.map(Metric::Vital)).collect();
        let ask = |dimensions, (from, to)| RollupQuery {
            environment,
            resolution: Resolution::Day,
            metrics: metrics.clone(),
            dimensions,
            from,
            to,
        };
        let began = rollout.state.started_at.map(day_of);
        let before = began.map(|began| (began - DAYS_BEFORE, began));
        let no_days = (days.0, days.0);
        let (asked, asked_before) =
            (ask(dimensions, days), ask(vec![Dimension::All], before.unwrap_or(no_days)));
        let (from, to) = before.unwrap_or(no_days);
        let telemetry = &service.stores.telemetry;
        let all_events = RollupQuery {
            environment,
            resolution: Resolution::Day,
            metrics: vec![Metric::Custom],
            dimensions: vec![Dimension::All],
            from: before.map_or(days.0, |(from, _)| from.min(days.0)),
            to: days.1,
        };
        let collection = Collection::read_collection(service, environment, days.0).await?;
        let (rows, rows_before, events, activity_index, activity_index_before, said) = tokio::try_join!(
            telemetry.read_rollups(&asked),
            telemetry.read_rollups(&asked_before),
            telemetry.read_rollup_sums(&all_events),
            telemetry.read_user_sets(environment, &ActivityFilter::All, days.0, days.1),
            telemetry.read_user_sets(environment, &ActivityFilter::All, from, to),
            telemetry.read_recent_feedback(environment, REPORTS),
        )?;
        let bugs = said.iter().filter(|said| said.report.kind == "bug");
        let bug_reports = bugs.map(|said| day_of(said.at)).collect();
        let mut by_metric: BTreeMap<_, Vec<Labelled>> = BTreeMap::new();
        for row in rows.iter().chain(&rows_before) {
            let labelled = (row.bucket, row.label.clone(), row.aggregate.clone());
            by_metric.entry((row.metric, row.dimension.clone())).or_default().push(labelled);
        }
        Ok(Self {
            days,
            before,
            today: day_of(service.now()),
            activity_index: activity_index.into_iter().collect(),
            activity_index_before: activity_index_before.into_iter().collect(),
            flags,
            phases,
            arms,
            compared: rollout.plan.compared_entry(last).map(|e| (e.segment.clone(), e.share)),
            collection,
            events: events.into_iter().map(|row| row.label.clone()).collect(),
            bug_reports,
            rows: by_metric,
        })
    }

    /// Returns the days on which a target was measured, from the first full day of collection.
    ///
    /// # Errors
    /// Returns the reason why it is not measured.
    pub(super) fn measured_days(&self, target: &Target) -> Result<Days, Unmeasured> {
        if let Some(scope) = &target.scope
            && self.flags_in_scope(Some(scope)).next().is_none()
        {
            return Err(Unmeasured::LaterFlag(scope.clone()));
        }
        if let (CriterionMetric::Events, Some(event)) = (target.metric, &target.event)
            && !self.events.contains(event)
        {
            return Err(Unmeasured::UnknownEvent(event.clone()));
        }
        let since = match required_switch(target.metric) {
            Some(switch) => {
                let since = self.collection.collected_since(switch)?;
                if since >= self.days.1 && since > self.days.0 {
                    return Err(late_start(switch, since));
                }
                since
            }
            None => self.days.0,
        };
        Ok((self.days.0.max(since).min(self.days.1), self.days.1))
    }

    /// Returns why the inputs of alerts (errors, performance score, adoption) are not collected, or
    /// `None` if they are.
    pub(super) fn uncollected_reasons(&self) -> Option<String> {
        let reasons =
            Switch::ALL.iter().filter_map(|switch| self.collection.collected_since(*switch).err());
        let reasons: Vec<String> = reasons.map(|reason| reason.to_string()).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Returns the flags in a scope; all of them without a scope.
    pub(super) fn flags_in_scope<'a>(
        &'a self,
        scope: Option<&'a str>,
    ) -> impl Iterator<Item = &'a FlagKey> {
        self.flags.keys().filter(move |flag| scope.is_none_or(|scope| flag.as_str() == scope))
    }

    fn group_dimensions(&self, group: &Group) -> Vec<Dimension> {
        match group {
            Group::Members => {
                let members = self.arms.iter().filter(|arm| arm.is_treatment);
                members.cloned().map(Dimension::Arm).collect()
            }
            Group::Side(arms) => arms.iter().cloned().map(Dimension::Arm).collect(),
            Group::Before => vec![Dimension::All],
            Group::Given(flag) => {
                let variant = self.flags.get(flag);
                let dimension = |phase: &PhaseNumber| {
                    Some(Dimension::Flag(flag.clone(), variant?.clone(), Some(*phase)))
                };
                self.phases.iter().filter_map(dimension).collect()
            }
        }
    }

    /// Merges the aggregates of a metric for a group, days and the wanted labels.
    pub(super) fn merge_aggregates(
        &self,
        metric: Metric,
        group: &Group,
        (from, to): Days,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Aggregate {
        let mut all = Aggregate::default();
        for dimension in self.group_dimensions(group) {
            let rows = self.rows.get(&(metric, dimension)).into_iter().flatten();
            for (day, label, aggregate) in rows {
                if (from..to).contains(day) && is_wanted(label) {
                    all.merge(aggregate);
                }
            }
        }
        all
    }

    /// Counts the bug reports of all users on these days.
    pub(super) fn count_bug_reports(&self, (from, to): Days) -> u64 {
        self.bug_reports.iter().filter(|day| (from..to).contains(*day)).count() as u64
    }

    /// Returns the activity of the time that a group belongs to.
    pub(super) fn activity_index(&self, group: &Group) -> &ActivityIndex {
        match group {
            Group::Before => &self.activity_index_before,
            _ => &self.activity_index,
        }
    }

    /// Returns the users of a group by day.
    pub(super) fn users_by_day(&self, group: &Group, (from, to): Days) -> BTreeMap<i64, UserSet> {
        let is_one = |activity: &Activity| match (group, activity) {
            (Group::Before, Activity::Active) => true,
            (Group::Members, Activity::InArm(arm)) => arm.is_treatment && self.arms.contains(arm),
            (Group::Side(arms), Activity::InArm(arm)) => arms.contains(arm),
            (Group::Given(flag), Activity::Exposed(of, variant, phase)) => {
                of == flag
                    && self.flags.get(flag) == Some(variant)
                    && phase.is_some_and(|phase| self.phases.contains(&phase))
            }
            _ => false,
        };
        let mut days = self.activity_index(group).merge_by_day(is_one);
        days.retain(|day, _| (from..to).contains(day));
        days
    }

    /// Returns the users who were exposed to a flag in scope.
    pub(super) fn exposed_users(&self, scope: Option<&str>, days: Days) -> UserSet {
        let given = self.flags_in_scope(scope).map(|flag| {
            union_user_sets(self.users_by_day(&Group::Given(flag.clone()), days).into_values())
        });
        union_user_sets(given)
    }

    /// Returns the users who used a flag in scope.
    pub(super) fn feature_users(&self, scope: Option<&str>, (from, to): Days) -> UserSet {
        let named: BTreeSet<&FlagKey> = self.flags_in_scope(scope).collect();
        let sets = self.activity_index.merge_by_day(
            |activity| matches!(activity, Activity::Used(flag) if named.contains(flag)),
        );
        union_user_sets(
            sets.into_iter().filter(|(day, _)| (from..to).contains(day)).map(|(_, set)| set),
        )
    }
}

/// Returns the users in any of the sets.
pub(super) fn union_user_sets(sets: impl Iterator<Item = UserSet>) -> UserSet {
    let mut all = UserSet::default();
    sets.for_each(|users| all.extend(&users));
    all
}
