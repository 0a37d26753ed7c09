//! From what a page sent to events: the last check, against what the environment knows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    config::CollectionSettings,
    errors::{ErrorReport, Severity},
    events::{
        Arm, Batch, Event, EventKind, NetworkHash, TaskOutcome, TimingKind, Visit, refusal_class,
    },
    feedback::Feedback,
    ids::{EnvironmentId, FlagKey, PhaseNumber, SegmentKey, VariantName},
    simulation::{FLAGS, SEGMENTS},
    vitals::{Device, Vital},
    words::plain,
};
use phasegate_service::{
    CachedEnvironment, Service,
    collection_settings::in_force,
    ingest::{session, user_digest},
};
use phasegate_wire::decode::{self, Outcome, Timed, WireEvent};
use serde_json::Value;

use super::raw::compressed;

/// The most events that a batch may claim to have dropped.
const MAX_CLAIMED: u64 = 1_000_000;

/// Events that are not stored: their place, and what is wrong.
type Rejected = Vec<(usize, String)>;

/// When and where a batch was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    /// Whose telemetry it is.
    pub(super) environment: EnvironmentId,
    /// When it was sent, by the server's clock; its events happened before.
    pub(super) at: Timestamp,
    /// The phase that the rollout was in then.
    pub(super) phase: Option<PhaseNumber>,
    /// From where, if that says something.
    pub(super) network: Option<NetworkHash>,
}

/// Turns a payload into a batch of events, at the server's time. What is switched off is left out
/// without a word: the page did nothing wrong.
pub(super) fn batch(
    service: &Service,
    mut payload: decode::Batch<'_>,
    live: &CachedEnvironment,
    sending: Sending,
) -> (Batch, Rejected) {
    let (now, collection_settings) = (service.now(), in_force(service, live));
    let is_made_up = sending.environment.is_simulated();
    let known = Known { live, is_made_up };
    let visit = visit(service, &payload, &known, sending);
    let events = std::mem::take(&mut payload.events);
    let mut accepted = Vec::with_capacity(events.len() + 1);
    let mut rejected = Vec::new();
    let mut is_taken = Vec::with_capacity(events.len());
    for (index, event) in events.into_iter().enumerate() {
        let before = accepted.len();
        let properties = event.as_ref().map(properties).unwrap_or_default();
        match event.and_then(|timed| to_event(timed, &known, sending.at)) {
            Ok(event) if is_made_up || is_wanted(&event.kind, collection_settings) => {
                let at = event.at;
                accepted.push(event);
                let page = String::new();
                accepted.extend(properties.into_iter().map(|kind| Event {
                    at,
                    page: page.clone(),
                    kind,
                }));
            }
            Ok(_) => {}
            Err(reason) => rejected.push((index, plain(&reason))),
        }
        is_taken.push(accepted.len() > before);
    }
    let keeps_raw =
        !is_made_up && !accepted.is_empty() && live.environment.retention_policy.value.raw_days > 0;
    let raw = match keeps_raw {
        true => compressed(&payload, &visit, &is_taken),
        false => Vec::new(),
    };
    accepted.extend(lost(&payload, &rejected, now));
    let environment = sending.environment;
    (
        Batch { id: payload.id, environment, received_at: now, visit, events: accepted, raw },
        rejected,
    )
}

/// What was lost, and why. What a page claims to have dropped is bounded: it is only shown, never
/// trusted.
fn lost(payload: &decode::Batch<'_>, rejected: &Rejected, now: Timestamp) -> Vec<Event> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for (_, reason) in rejected {
        *reasons.entry(refusal_class(reason)).or_default() += 1;
    }
    let events = payload.dropped.min(MAX_CLAIMED) + rejected.len() as u64;
    let refused = reasons.into_iter().map(|(reason, events)| EventKind::Refused { reason, events });
    let dropped = (events > 0).then_some(EventKind::Dropped { events });
    let kinds = refused.chain(dropped);
    kinds.map(|kind| Event { at: now, page: String::new(), kind }).collect()
}

/// Who sends it, and under which circumstances. What it was exposed to counts as far as the
/// environment has such flags and variants.
fn visit(
    service: &Service,
    payload: &decode::Batch<'_>,
    known: &Known<'_>,
    sending: Sending,
) -> Visit {
    let environment = sending.environment;
    let who = payload.visitor.as_ref().map(|visitor| {
        let id = payload.user.as_ref().unwrap_or(visitor);
        (user_digest(service, environment, id), session(service, environment, &payload.session))
    });
    let exposed = payload.exposed.iter().filter_map(|(flag, variant)| {
        let flag = known.flag(flag).ok()?;
        let variant = known.variant(&flag, variant).ok()?;
        Some((flag, variant))
    });
    let exposed: BTreeMap<FlagKey, VariantName> = exposed.collect();
    let segments = payload.segments.iter().filter_map(|named| known.segment(named));
    let segments: BTreeSet<SegmentKey> = segments.collect();
    let id = payload.visitor.as_ref().map(|visitor| payload.user.as_ref().unwrap_or(visitor));
    let arm = id.and_then(|id| arm(known, id, &segments, &exposed, sending.phase));
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

/// On which side of the threshold they are: of those who were asked for one of the rollout's flags,
/// and so were given it or not. None where it is a variable that decides and not the plan, or in a
/// simulation, which no rollout decides about.
fn arm(
    known: &Known<'_>,
    id: &str,
    segments: &BTreeSet<SegmentKey>,
    exposed: &BTreeMap<FlagKey, VariantName>,
    phase: Option<PhaseNumber>,
) -> Option<Arm> {
    let rollout = known.live.snapshot.rollout()?;
    let is_decided_here = !known.is_made_up && rollout.state.status.serving_phase() == phase;
    let adds = |flag: &FlagKey| rollout.plan.phase_that_adds(flag) <= phase;
    let is_asked =
        exposed.keys().any(|flag| rollout.plan.phase_that_adds(flag).is_some() && adds(flag));
    (is_decided_here && is_asked).then(|| rollout.arm(id, segments)).flatten()
}

/// Feedback is always wanted, whatever is measured.
fn is_wanted(kind: &EventKind, collection_settings: CollectionSettings) -> bool {
    match kind {
        EventKind::Vital { .. } | EventKind::Timing { .. } => collection_settings.performance,
        EventKind::Error(_) => collection_settings.errors,
        EventKind::Exposure { .. }
        | EventKind::FeatureUsed { .. }
        | EventKind::Engaged { .. }
        | EventKind::Task { .. }
        | EventKind::View
        | EventKind::Custom { .. }
        | EventKind::Property { .. } => collection_settings.analytics,
        EventKind::Feedback(_) | EventKind::Dropped { .. } | EventKind::Refused { .. } => true,
    }
}

fn to_event(timed: Timed, known: &Known<'_>, sent_at: Timestamp) -> Result<Event, String> {
    let Timed { age, page, event } = timed;
    let at = earlier(sent_at, age);
    let kind = match event {
        WireEvent::Vital(decode::Vital { name, value, was, .. }) => {
            let vital =
                Vital::parse(&name).ok_or_else(|| format!("name: there is no vital {name:?}"))?;
            EventKind::Vital { vital, millionths: value, was }
        }
        WireEvent::Error(error) => EventKind::Error(report(error, page.clone())),
        WireEvent::View { .. } => EventKind::View,
        WireEvent::Exposure { flag, variant } => {
            let flag = known.flag(&flag)?;
            let variant = known.variant(&flag, &variant)?;
            EventKind::Exposure { flag, variant }
        }
        WireEvent::Use { flag, .. } => EventKind::FeatureUsed { flag: known.flag(&flag)? },
        WireEvent::Engaged { flag, value } => {
            EventKind::Engaged { flag: known.flag(&flag)?, millionths: value }
        }
        WireEvent::Task { name, outcome, value } => {
            let outcome = match outcome {
                Outcome::Started => TaskOutcome::Started,
                Outcome::Completed => TaskOutcome::Completed,
                Outcome::Abandoned => TaskOutcome::Abandoned,
            };
            EventKind::Task { name, outcome, millionths: value }
        }
        WireEvent::Custom { name, .. } => EventKind::Custom { name },
        WireEvent::Timing { kind, name, value, failed } => {
            let kind = match kind.as_str() {
                "api" => TimingKind::Api,
                "render" => TimingKind::Render,
                other => return Err(format!("kind: \"api\" or \"render\", not {other:?}")),
            };
            EventKind::Timing { kind, name, millionths: value, has_failed: failed }
        }
        WireEvent::Feedback(decode::Feedback { kind, rating, score, message, screenshot }) => {
            let (message, page) = (message.trim().to_owned(), page.clone());
            EventKind::Feedback(Feedback { kind, rating, score, message, page, screenshot })
        }
    };
    Ok(Event { at, page, kind })
}

/// What an event's own properties are.
fn properties(timed: &Timed) -> Vec<EventKind> {
    let (event, props) = match &timed.event {
        WireEvent::Custom { name, props } => (name, props),
        WireEvent::Use { flag, props } => (flag, props),
        _ => return Vec::new(),
    };
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let property = |(name, value): (&String, &Value)| {
        let (event, name, value) = (event.clone(), name.clone(), text(value)?);
        Some(EventKind::Property { event, name, value })
    };
    props.iter().filter_map(property).collect()
}

/// So many milliseconds before.
pub(super) fn earlier(at: Timestamp, milliseconds: u64) -> Timestamp {
    let age = i64::try_from(milliseconds).ok().and_then(TimeDelta::try_milliseconds);
    age.and_then(|age| at.checked_sub_signed(age)).unwrap_or(at)
}

fn report(error: decode::Error, page: String) -> ErrorReport {
    let decode::Error {
        message, stack, feature, component, severity, count, noise, crumbs, ..
    } = error;
    let severity = match severity {
        decode::Severity::Info => Severity::Info,
        decode::Severity::Warning => Severity::Warning,
        decode::Severity::Error => Severity::Error,
        decode::Severity::Critical => Severity::Critical,
    };
    let is_noise = noise;
    ErrorReport { message, page, stack, feature, component, severity, count, is_noise, crumbs }
}

/// What events may be about: what the environment has, or what simulations make up.
struct Known<'a> {
    live: &'a CachedEnvironment,
    is_made_up: bool,
}

impl Known<'_> {
    fn flag(&self, key: &str) -> Result<FlagKey, String> {
        let made_up = || FlagKey::new(key).ok().filter(|_| self.is_made_up && FLAGS.contains(&key));
        let stored = self.live.snapshot.flag(key).map(|entry| entry.flag.key.clone());
        let known = stored.or_else(made_up);
        known.ok_or_else(|| format!("flag: there is no flag {key:?} in this environment"))
    }

    fn variant(&self, flag: &FlagKey, name: &str) -> Result<VariantName, String> {
        let is_known = |variant: &VariantName| {
            let entry = self.live.snapshot.flag(flag.as_str());
            let is_stored = entry.is_some_and(|entry| entry.flag.variant(variant).is_some());
            is_stored || (self.is_made_up && matches!(name, "on" | "off"))
        };
        let known = VariantName::new(name).ok().filter(is_known);
        known.ok_or_else(|| format!("variant: {flag} has no variant {name:?}"))
    }

    fn segment(&self, key: &str) -> Option<SegmentKey> {
        let is_stored = || self.live.segments.iter().any(|known| known.value.key.as_str() == key);
        let is_known = is_stored() || (self.is_made_up && SEGMENTS.contains(&key));
        is_known.then(|| SegmentKey::new(key).ok()).flatten()
    }
}
