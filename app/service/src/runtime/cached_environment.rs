//! An environment as it is answered for: everything about its flags, in memory.

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    audit::{AuditRecord, Change, SubjectKind},
    config::{FlagEntry, Parts, Snapshot},
    flags::{IndividualOverride, Variant},
    ids::{EnvironmentId, FlagKey, PhaseNumber},
    metrics::Metric,
    plan::Criterion,
    rollout::{Rollout, RolloutEvent},
    targeting::Segment,
};
use phasegate_store::models::{AuditQuery, Environment, StoredFlag, Versioned};
use tokio::sync::watch;

use super::{
    Stores,
    evaluation_counters::{Counters, EvaluationCounters},
};
use crate::{ServiceError, variables::Variables};

/// Which configuration an environment is answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configuration {
    /// Goes up when flags are answered otherwise; begins anew with the process.
    pub version: u64,
    /// When it went up last; nothing since the start.
    pub changed_at: Option<Timestamp>,
}

/// Moves of the rollout that are remembered: telemetry may come a week late.
const MOVES: u32 = 500;

/// When a rollout moved, from which phase to which; none is served before the start and after an abort.
type Move = (Timestamp, Option<PhaseNumber>, Option<PhaseNumber>);

/// The rollout's last moves, the newest first; of the last lines of its history, most of which may be
/// about its record.
async fn moves(stores: &Stores, environment: EnvironmentId) -> Result<Vec<Move>, ServiceError> {
    let kind = Some(SubjectKind::Rollout);
    let query = AuditQuery { kind, limit: MOVES, ..AuditQuery::default() };
    let lines = stores.state.audit_records(environment, &query).await?;
    let moved = |line: AuditRecord| {
        let Change::Rollout { what, .. } = line.entry.change else { return None };
        let (from, to) = match what {
            RolloutEvent::Started(_) => (None, Some(PhaseNumber::FIRST)),
            RolloutEvent::Advanced(moved)
            | RolloutEvent::RolledBack(moved)
            | RolloutEvent::RolledBackFully(moved) => (Some(moved.from), Some(moved.to)),
            RolloutEvent::Aborted(_) => (None, None),
            RolloutEvent::Planned(planned) if planned.begins_anew => (None, None),
            _ => return None,
        };
        Some((line.entry.at, from, to))
    };
    Ok(lines.into_iter().filter_map(moved).collect())
}

/// How long a change waits for that.
const RESERVE_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// The events that criteria and KPIs name are counted under their names, whatever else pages send.
async fn reserve_events(
    stores: &Stores,
    environment: EnvironmentId,
    rollout: &Rollout,
    now: Timestamp,
) {
    let criteria = rollout.plan.phases.iter().flat_map(|phase| &phase.criteria);
    let targets = criteria.filter_map(|criterion| match criterion {
        Criterion::Automatic(target) => target.event.clone(),
        Criterion::SignedOff { .. } => None,
    });
    let kpis = rollout.plan.kpis.iter().filter_map(|kpi| kpi.target().event);
    let labels: Vec<(Metric, String)> =
        targets.chain(kpis).map(|event| (Metric::Custom, event)).collect();
    if labels.is_empty() {
        return;
    }
    let reserved = stores.telemetry.reserve_labels(environment, &labels, now).await;
    if let Err(error) = reserved {
        tracing::warn!(%error, "the events that the plan names could not be reserved");
    }
}

/// An environment as it is answered for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug)]
pub struct CachedEnvironment {
    pub(crate) environment: Environment,
    /// Flags in use, segments and rollout, ready to evaluate.
    pub(crate) snapshot: Snapshot,
    /// All flags as they are stored, by key; archived ones too.
    pub(crate) flags: Vec<StoredFlag>,
    /// All segments, by key.
    pub(crate) segments: Arc<Vec<Versioned<Arc<Segment>>>>,
    /// All overrides, by flag and user.
    pub(crate) overrides: Vec<Versioned<Arc<IndividualOverride>>>,
    /// The rollout's last moves, the newest first: when, from where, to where.
    moves: Vec<Move>,
    /// Carried over from reading to reading.
    configuration: watch::Sender<Configuration>,
    /// How often each flag was asked for, in the order of the snapshot.
    counters: Vec<Arc<Counters>>,
}

/// What an environment takes from outside its own rows.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    pub(super) variables: &'a Variables,
    pub(super) counters: &'a EvaluationCounters,
    /// The environment as it was read last: what has not changed is not read again.
    pub(super) before: Option<&'a Arc<CachedEnvironment>>,
}

impl CachedEnvironment {
    /// The environment with its settings.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Flags in use, segments and rollout, ready to evaluate.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// All flags as they are stored, by key; archived ones too.
    #[must_use]
    pub fn flags(&self) -> &[StoredFlag] {
        &self.flags
    }

    /// All segments, by key.
    #[must_use]
    pub fn segments(&self) -> &[Versioned<Arc<Segment>>] {
        &self.segments
    }

    /// All overrides, by flag and user.
    #[must_use]
    pub fn overrides(&self) -> &[Versioned<Arc<IndividualOverride>>] {
        &self.overrides
    }

    pub(super) async fn read(
        stores: &Stores,
        environment: Environment,
        segments: Arc<Vec<Versioned<Arc<Segment>>>>,
        carried: Carried<'_>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let Carried { variables, counters, before } = carried;
        let id = environment.id;
        let known = before.map_or(&[][..], |live| live.flags.as_slice());
        let flags = stores.state.flags(id, known).await?;
        let known = before.map_or(&[][..], |live| live.overrides.as_slice());
        let overrides = stores.state.overrides(id, known).await?;
        let rollout = stores.state.rollout(id).await?;
        let has_moved = before.is_none_or(|live| live.snapshot.rollout() != rollout.as_ref());
        if has_moved && let Some(rollout) = &rollout {
            // Not for long: what was changed must be served, whatever telemetry is busy with.
            let reserving = reserve_events(stores, id, rollout, now);
            if tokio::time::timeout(RESERVE_TIMEOUT, reserving).await.is_err() {
                tracing::warn!("the events that the plan names could not be reserved in time");
            }
        }
        let moves = match before {
            Some(live) if !has_moved => live.moves.clone(),
            _ => moves(stores, id).await?,
        };
        let held = variables.hold(flags.iter().map(|stored| &*stored.flag));
        let snapshot = Snapshot::new(Parts {
            flags: flags.iter().map(|s| (Arc::clone(&s.flag), Arc::clone(&s.state))).collect(),
            segments: segments.iter().map(|stored| Arc::clone(&stored.value)).collect(),
            rollout,
            overrides: overrides.iter().map(|stored| Arc::clone(&stored.value)).collect(),
            forced: held,
            rollout_variables: variables.rollout(),
        });
        let counters = snapshot.flags().map(|entry| counters.counters(id, &entry.flag)).collect();
        let configuration = before.map_or_else(
            || watch::Sender::new(Configuration { version: 1, changed_at: None }),
            |live| live.configuration.clone(),
        );
        Ok(Self {
            environment,
            snapshot,
            flags,
            segments,
            overrides,
            moves,
            configuration,
            counters,
        })
    }

    /// The phase that was served at an instant; one that a variable of the server holds, always.
    #[must_use]
    pub fn phase_at(&self, at: Timestamp) -> Option<PhaseNumber> {
        let current = self.snapshot.serving_phase();
        let stored =
            self.snapshot.rollout().and_then(|rollout| rollout.state.status.serving_phase());
        if current != stored {
            return current;
        }
        let before = self.moves.iter().find(|(moved, ..)| *moved <= at).map(|(.., to)| *to);
        let first = self.moves.last().map(|(_, from, _)| *from);
        before.or(first).unwrap_or(current)
    }

    /// Tells the clients that listen to look again, if they would get other answers.
    pub(crate) fn tell_clients(&self, before: Option<&Arc<Self>>, now: Timestamp) {
        let differs = |before: &Arc<Self>| {
            before.snapshot != self.snapshot
                || before.environment.collection_settings != self.environment.collection_settings
        };
        if before.is_some_and(differs) {
            self.touch(now);
        }
    }

    /// Tells the clients that listen to look again.
    pub(crate) fn touch(&self, now: Timestamp) {
        self.configuration.send_modify(|configuration| {
            configuration.version += 1;
            configuration.changed_at = Some(now);
        });
    }

    /// Changes when flags are answered otherwise.
    #[must_use]
    pub fn configuration(&self) -> watch::Receiver<Configuration> {
        self.configuration.subscribe()
    }

    /// Notes that a flag was asked for and how it was answered.
    pub fn count(&self, entry: &FlagEntry, variant: &Variant) {
        if let Some(counters) = self.counters.get(entry.index) {
            counters.add(entry, variant);
        }
    }

    /// A flag as it is stored, archived or not.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is none of that key.
    pub fn stored_flag(&self, key: &str) -> Result<&StoredFlag, ServiceError> {
        let found = self.flags.iter().find(|stored| stored.flag.key.as_str() == key);
        found.ok_or_else(|| ServiceError::not_found("flag", key))
    }

    /// A segment as it is stored.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is none of that key.
    pub fn stored_segment(&self, key: &str) -> Result<&Versioned<Arc<Segment>>, ServiceError> {
        let found = self.segments.iter().find(|stored| stored.value.key.as_str() == key);
        found.ok_or_else(|| ServiceError::not_found("segment", key))
    }

    /// An override as it is stored.
    #[must_use]
    pub fn stored_override(
        &self,
        flag: &FlagKey,
        user: &str,
    ) -> Option<&Versioned<Arc<IndividualOverride>>> {
        self.overrides
            .iter()
            .find(|stored| stored.value.flag == *flag && stored.value.targeting_key == user)
    }
}
