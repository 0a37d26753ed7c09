//! Converts a decoded batch to events: validates it against the environment, determines its time,
//! phase and arm, and counts the rejected events.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use phasegate_domain::{
    Timestamp,
    events::{Arm, Batch, Event, EventKind, NetworkHash, Rejection, RejectionCode, Visit},
    field_error::{FieldCode, FieldError},
    ids::{EnvironmentId, FlagKey, PhaseNumber, SegmentKey, VariantName},
    simulation::PHASES,
    time::day_of,
    vitals::Device,
    words::reword_serde_error,
};
use phasegate_wire::{
    MAX_HELD,
    decode::{self, InvalidEventCode},
};

use super::{
    digests,
    events::{Known, Unknown, is_wanted, property_events, subtract_millis, to_event},
    raw_batch, simulation,
};
use crate::{
    CachedEnvironment, QuotaExceeded, Service, ServiceError,
    collection_settings::resolve_collection_settings,
};

/// The maximum number of dropped events that a batch may claim.
const MAX_CLAIMED: u64 = 1_000_000;

/// A batch whose events are checked.
#[derive(Debug)]
pub struct AcceptedBatch {
    /// The events to store, and the counts of those that are not.
    pub batch: Batch,
    /// The number of events that the page sent.
    pub sent: usize,
    /// The events that are not stored.
    pub rejected: Vec<RejectedEvent>,
}

/// An event of a batch that is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedEvent {
    /// The event's index in the batch, from 0.
    pub index: usize,
    /// The code and the field.
    pub rejection: Rejection,
    /// The error message, with the field and its allowed values.
    pub message: String,
}

impl RejectedEvent {
    fn new(index: usize, rejection: Rejection, message: &str) -> Self {
        Self { index, rejection, message: reword_serde_error(message) }
    }
}

/// The reason why a whole batch is rejected.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The body is not a batch of this version, or one of its fields is out of bounds.
    #[error("{}", reword_serde_error(&.0.to_string()))]
    Invalid(#[from] decode::InvalidBatch),
    /// The page kept the batch for longer than any collector does.
    #[error("at most {MAX_HELD} ms, found {0}")]
    Held(u64),
    /// A field of a simulated batch does not fit the simulation that has begun.
    #[error("{message}")]
    Simulation {
        /// The field, such as `simulated.seed`.
        field: &'static str,
        /// The requirement that it violates.
        message: &'static str,
    },
    /// A quota is used up.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The environment does not exist, or storage fails.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl BatchError {
    /// The field at fault, or the name of the quota; empty if it is the batch as a whole.
    fn field(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.field(),
            Self::Held(_) => "held",
            Self::Simulation { field, .. } => field,
            Self::Quota(exceeded) => exceeded.quota.as_str(),
            Self::Service(_) => "",
        }
    }

    /// Returns the rejection to count; `None` if the batch is not at fault.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        use decode::InvalidBatch as Invalid;
        let code = match self {
            Self::Invalid(Invalid::Malformed(_)) => RejectionCode::MalformedBody,
            Self::Invalid(Invalid::Version(_)) => RejectionCode::UnsupportedVersion,
            Self::Invalid(_) | Self::Held(_) => RejectionCode::InvalidBatch,
            Self::Simulation { .. } => RejectionCode::InvalidSimulation,
            Self::Quota(_) => RejectionCode::QuotaExceeded,
            Self::Service(_) => return None,
        };
        Some(Rejection::of_field(code, self.field()))
    }

    /// Returns the field at fault with its message.
    #[must_use]
    pub fn to_field_error(&self) -> FieldError {
        FieldError::new(self.field(), FieldCode::Invalid, self.to_string())
    }
}

/// When and where a batch was sent.
#[derive(Debug, Clone, Copy)]
struct Sending {
    environment: EnvironmentId,
    /// When it was sent, by the server's clock; its events happened before.
    at: Timestamp,
    /// The phase that the rollout was in then.
    phase: Option<PhaseNumber>,
    network: Option<NetworkHash>,
}

/// Validates a decoded batch against its environment and converts it to events, at the server's
/// time. `held` is the time in milliseconds that the page kept the batch. `address` is the client's
/// address; `None` if it is private, because many clients may share it. Events that the collection
/// settings switch off are left out silently: the page did nothing wrong.
///
/// # Errors
/// Returns [`BatchError`] if nothing of the batch can be stored.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn accept_batch(
    service: &Service,
    environment: EnvironmentId,
    payload: decode::Batch<'_>,
    held: u64,
    address: Option<IpAddr>,
) -> Result<AcceptedBatch, BatchError> {
    if held > MAX_HELD {
        return Err(BatchError::Held(held));
    }
    let live = service.environment(environment)?;
    let network = address.map(|address| digests::network_digest(service, environment, address));
    let sending =
        Sending { network, ..determine_sending(service, environment, &payload, held).await? };
    Ok(convert_batch(service, payload, &live, sending))
}

/// Returns the time and the phase of a batch. A simulated batch carries its own.
async fn determine_sending(
    service: &Service,
    environment: EnvironmentId,
    batch: &decode::Batch<'_>,
    held: u64,
) -> Result<Sending, BatchError> {
    let Some(simulated) = batch.simulated else {
        let at = subtract_millis(service.now(), held);
        let phase = service.environment(environment)?.phase_at(at);
        return Ok(Sending { environment, at, phase, network: None });
    };
    let refuse = |field, message| BatchError::Simulation { field, message };
    let at = Timestamp::from_timestamp_millis(simulated.at)
        .ok_or_else(|| refuse("simulated.at", "milliseconds since 1970"))?;
    let Some(known) = simulation::read_simulation(service, environment).await? else {
        let message = "no simulation has begun; send it to /collect/simulation first";
        return Err(refuse("simulated", message));
    };
    if simulated.seed != known.seed {
        return Err(refuse("simulated.seed", "another simulation has begun since"));
    }
    if !(known.first_day()..=known.last_day).contains(&day_of(at)) {
        let message = "not one of the days of the simulation that has begun";
        return Err(refuse("simulated.at", message));
    }
    let is_phase = |phase: u16| PHASES.iter().any(|(number, _)| *number == phase);
    if !simulated.phase.is_none_or(is_phase) {
        return Err(refuse("simulated.phase", "1, 2 or 3"));
    }
    let environment = environment.simulated_id();
    Ok(Sending { environment, at, phase: simulated.phase.map(PhaseNumber), network: None })
}

fn convert_batch(
    service: &Service,
    mut payload: decode::Batch<'_>,
    live: &CachedEnvironment,
    sending: Sending,
) -> AcceptedBatch {
    let (now, settings) = (service.now(), resolve_collection_settings(service, live));
    let is_simulated = sending.environment.is_simulated();
    let known = Known { live, is_simulated };
    let visit = build_visit(service, &payload, &known, sending);
    let sent = std::mem::take(&mut payload.events);
    let sent_count = sent.len();
    let mut events = Vec::with_capacity(sent_count + 1);
    let mut rejected = Vec::new();
    let mut is_accepted = Vec::with_capacity(sent_count);
    for (index, event) in sent.into_iter().enumerate() {
        let before = events.len();
        let properties = event.as_ref().map(property_events).unwrap_or_default();
        let event = event.map_err(|invalid| {
            let rejection = Rejection::of_field(rejection_code(invalid.code), invalid.field);
            RejectedEvent::new(index, rejection, &invalid.message)
        });
        let event = event.and_then(|timed| {
            let unknown = |Unknown { code, field, message }| {
                RejectedEvent::new(index, Rejection::of_field(code, field), &message)
            };
            to_event(timed, &known, sending.at).map_err(unknown)
        });
        match event {
            Ok(event) if is_simulated || is_wanted(&event.kind, settings) => {
                let at = event.at;
                events.push(event);
                let of_event = |kind| Event { at, page: String::new(), kind };
                events.extend(properties.into_iter().map(of_event));
            }
            Ok(_) => {}
            Err(event) => rejected.push(event),
        }
        is_accepted.push(events.len() > before);
    }
    let retains_raw =
        !is_simulated && !events.is_empty() && live.environment.retention_policy.value.raw_days > 0;
    let raw = match retains_raw {
        true => raw_batch::compress_events(&payload, &visit, &is_accepted),
        false => Vec::new(),
    };
    events.extend(count_lost_events(&payload, &rejected, now));
    let environment = sending.environment;
    let batch = Batch { id: payload.id, environment, received_at: now, visit, events, raw };
    AcceptedBatch { batch, sent: sent_count, rejected }
}

fn rejection_code(invalid: InvalidEventCode) -> RejectionCode {
    match invalid {
        InvalidEventCode::Malformed => RejectionCode::MalformedEvent,
        InvalidEventCode::InvalidUtf8 => RejectionCode::InvalidUtf8,
        InvalidEventCode::Empty => RejectionCode::Empty,
        InvalidEventCode::TooLong => RejectionCode::TooLong,
        InvalidEventCode::TooMany => RejectionCode::TooMany,
        InvalidEventCode::OutOfRange => RejectionCode::OutOfRange,
        InvalidEventCode::UnknownValue => RejectionCode::UnknownValue,
    }
}

/// Counts the lost events by reason. The number that a page claims to have dropped is bounded,
/// because it cannot be verified.
fn count_lost_events(
    payload: &decode::Batch<'_>,
    rejected: &[RejectedEvent],
    now: Timestamp,
) -> Vec<Event> {
    let mut reasons: BTreeMap<&Rejection, u64> = BTreeMap::new();
    for event in rejected {
        *reasons.entry(&event.rejection).or_default() += 1;
    }
    let events = payload.dropped.min(MAX_CLAIMED) + rejected.len() as u64;
    let by_reason = reasons
        .into_iter()
        .map(|(reason, events)| EventKind::Rejected { reason: reason.clone(), events });
    let dropped = (events > 0).then_some(EventKind::Dropped { events });
    let kinds = by_reason.chain(dropped);
    kinds.map(|kind| Event { at: now, page: String::new(), kind }).collect()
}

/// Returns the user and the circumstances of the visit. Exposures to unknown flags or variants are
/// left out.
fn build_visit(
    service: &Service,
    payload: &decode::Batch<'_>,
    known: &Known<'_>,
    sending: Sending,
) -> Visit {
    let environment = sending.environment;
    let who = payload.visitor.as_ref().map(|visitor| {
        let id = payload.user.as_ref().unwrap_or(visitor);
        (
            digests::user_digest(service, environment, id),
            digests::session_digest(service, environment, &payload.session),
        )
    });
    let exposed = payload.exposed.iter().filter_map(|(flag, variant)| {
        let flag = known.find_flag(flag).ok()?;
        let variant = known.find_variant(&flag, variant).ok()?;
        Some((flag, variant))
    });
    let exposed: BTreeMap<FlagKey, VariantName> = exposed.collect();
    let segments = payload.segments.iter().filter_map(|named| known.find_segment(named));
    let segments: BTreeSet<SegmentKey> = segments.collect();
    let id = payload.visitor.as_ref().map(|visitor| payload.user.as_ref().unwrap_or(visitor));
    let arm = id.and_then(|id| determine_arm(known, id, &segments, &exposed, sending.phase));
    Visit {
        who,
        device: match payload.device {
            decode::Device::Phone => Device::Phone,
            decode::Device::Tablet => Device::Tablet,
            decode::Device::Desktop => Device::Desktop,
        },
        release: payload.release.clone(),
        exposed,
        phase: sending.phase,
        segments,
        arm,
        network: sending.network,
    }
}

/// Returns the arm of a user whose visit evaluated one of the rollout's flags. `None` if the plan's
/// current phase did not decide: for simulated batches, batches of an earlier phase, and if a
/// variable overrides the phase.
fn determine_arm(
    known: &Known<'_>,
    id: &str,
    segments: &BTreeSet<SegmentKey>,
    exposed: &BTreeMap<FlagKey, VariantName>,
    phase: Option<PhaseNumber>,
) -> Option<Arm> {
    let rollout = known.live.snapshot.rollout()?;
    let is_decided_here = !known.is_simulated && rollout.state.status.serving_phase() == phase;
    let adds = |flag: &FlagKey| rollout.plan.phase_that_adds(flag) <= phase;
    let is_asked =
        exposed.keys().any(|flag| rollout.plan.phase_that_adds(flag).is_some() && adds(flag));
    (is_decided_here && is_asked).then(|| rollout.assign_arm(id, segments)).flatten()
}
