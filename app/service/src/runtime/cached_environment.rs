//! An environment in memory, with everything that evaluations read.

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
use crate::{ObjectKind, ServiceError, variables::Variables};

/// The version of the configuration that clients of an environment see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configuration {
    /// Increases when evaluations or collection settings change; starts again with the process.
    pub version: u64,
    /// When it last increased; `None` if it has not since the start.
    pub changed_at: Option<Timestamp>,
}

/// The maximum number of audit entries that are searched for moves. They are needed because
/// telemetry may arrive a week late.
const MOVES: u32 = 500;

/// The time of a move, and the phases before and after it; `None` before the start and after an
/// abort.
type Move = (Timestamp, Option<PhaseNumber>, Option<PhaseNumber>);

/// Reads the rollout's last moves, newest first. Only the newest audit entries are searched, most
/// of which may be about the record.
async fn read_moves(
    stores: &Stores,
    environment: EnvironmentId,
) -> Result<Vec<Move>, ServiceError> {
    let kind = Some(SubjectKind::Rollout);
    let query = AuditQuery { kind, limit: MOVES, ..AuditQuery::default() };
    let lines = stores.state.read_audit_records(environment, &query).await?;
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

/// The maximum time that a change waits for the reservation of labels.
const RESERVE_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// Reserves labels for the events that criteria and KPIs name, so that other events cannot displace
/// them.
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

/// An environment in memory, as evaluations read it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug)]
pub struct CachedEnvironment {
    pub(crate) environment: Environment,
    /// Flags in use, segments and rollout, ready to evaluate.
    pub(crate) snapshot: Snapshot,
    /// All stored flags by key, including archived ones.
    pub(crate) flags: Vec<StoredFlag>,
    /// All segments, by key.
    pub(crate) segments: Arc<Vec<Versioned<Arc<Segment>>>>,
    /// All overrides, by flag and user.
    pub(crate) overrides: Vec<Versioned<Arc<IndividualOverride>>>,
    /// The rollout's last moves, newest first.
    moves: Vec<Move>,
    /// Carried over from one reload to the next, so that subscriptions stay valid.
    configuration: watch::Sender<Configuration>,
    /// The evaluation counters of each flag, in the order of the snapshot.
    counters: Vec<Arc<Counters>>,
}

/// The inputs for reading an environment, apart from its own rows.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    pub(super) variables: &'a Variables,
    pub(super) counters: &'a EvaluationCounters,
    /// The previous version of the environment, of which unchanged parts are reused.
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

    /// All stored flags by key, including archived ones.
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

    pub(super) async fn read_environment(
        stores: &Stores,
        environment: Environment,
        segments: Arc<Vec<Versioned<Arc<Segment>>>>,
        carried: Carried<'_>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let Carried { variables, counters, before } = carried;
        let id = environment.id;
        let known = before.map_or(&[][..], |live| live.flags.as_slice());
        let flags = stores.state.read_flags(id, known).await?;
        let known = before.map_or(&[][..], |live| live.overrides.as_slice());
        let overrides = stores.state.read_overrides(id, known).await?;
        let rollout = stores.state.read_rollout(id).await?;
        let has_moved = before.is_none_or(|live| live.snapshot.rollout() != rollout.as_ref());
        if has_moved && let Some(rollout) = &rollout {
            // Bounded in time: a change must be served even while telemetry is busy.
            let reserving = reserve_events(stores, id, rollout, now);
            if tokio::time::timeout(RESERVE_TIMEOUT, reserving).await.is_err() {
                tracing::warn!("the events that the plan names could not be reserved in time");
            }
        }
        let moves = match before {
            Some(live) if !has_moved => live.moves.clone(),
            _ => read_moves(stores, id).await?,
        };
        let environment_overrides =
            variables.environment_overrides(flags.iter().map(|stored| &*stored.flag));
        let snapshot = Snapshot::new(Parts {
            flags: flags.iter().map(|s| (Arc::clone(&s.flag), Arc::clone(&s.state))).collect(),
            segments: segments.iter().map(|stored| Arc::clone(&stored.value)).collect(),
            rollout,
            overrides: overrides.iter().map(|stored| Arc::clone(&stored.value)).collect(),
            environment_overrides,
            rollout_variables: variables.rollout(),
        });
        let counters =
            snapshot.flags().map(|entry| counters.flag_counters(id, &entry.flag)).collect();
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

    /// Returns the phase that was served at an instant. A phase that a variable overrides counts
    /// for any instant.
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

    /// Notifies listening clients if evaluations or collection settings have changed.
    pub(crate) fn notify_if_changed(&self, before: Option<&Arc<Self>>, now: Timestamp) {
        let differs = |before: &Arc<Self>| {
            before.snapshot != self.snapshot
                || before.environment.collection_settings != self.environment.collection_settings
        };
        if before.is_some_and(differs) {
            self.notify_clients(now);
        }
    }

    /// Increases the version of the configuration, which notifies listening clients.
    pub(crate) fn notify_clients(&self, now: Timestamp) {
        self.configuration.send_modify(|configuration| {
            configuration.version += 1;
            configuration.changed_at = Some(now);
        });
    }

    /// Returns a receiver that is notified when the configuration changes.
    #[must_use]
    pub fn configuration(&self) -> watch::Receiver<Configuration> {
        self.configuration.subscribe()
    }

    /// Counts an evaluation of a flag with its variant.
    pub fn count_evaluation(&self, entry: &FlagEntry, variant: &Variant) {
        if let Some(counters) = self.counters.get(entry.index) {
            counters.increment_variant(entry, variant);
        }
    }

    /// Returns a stored flag, archived or not.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none with this key.
    pub fn stored_flag(&self, key: &str) -> Result<&StoredFlag, ServiceError> {
        let found = self.flags.iter().find(|stored| stored.flag.key.as_str() == key);
        found.ok_or_else(|| ServiceError::not_found(ObjectKind::Flag, key))
    }

    /// Returns a stored segment by its key.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none with this key.
    pub fn stored_segment(&self, key: &str) -> Result<&Versioned<Arc<Segment>>, ServiceError> {
        let found = self.segments.iter().find(|stored| stored.value.key.as_str() == key);
        found.ok_or_else(|| ServiceError::not_found(ObjectKind::Segment, key))
    }

    /// Returns a user's individual override of a flag, as stored.
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
