//! From what a page sent to facts: the last check, against what the environment knows.

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    collecting::Collecting,
    ids::{FlagKey, VariantName},
    telemetry::{
        Batch, Device, ErrorReport, Fact, FactKind, Feedback, Severity, TaskOutcome, TimingKind,
        Visit,
    },
    vitals::Vital,
};
use phasegate_service::{
    LiveEnvironment, Service,
    collecting::in_force,
    rollout::current_phase,
    telemetry::{person, session},
};
use phasegate_wire::decode::{self, Event, Outcome, Timed};

/// The most events that a batch may claim to have dropped.
const MAX_CLAIMED: u64 = 1_000_000;

/// Events that are not stored: their place, and what is wrong.
type Rejected = Vec<(usize, String)>;

/// Turns a payload into a batch of facts, at the server's time; `held` is for how many milliseconds
/// it waited in the page. What is
/// switched off is left out without a word: the page did nothing wrong.
pub(super) fn batch(
    service: &Service,
    payload: decode::Batch,
    live: &LiveEnvironment,
    held: u64,
) -> (Batch, Rejected) {
    let (now, collecting) = (service.now(), in_force(service, live));
    let visit = visit(service, &payload, live);
    let mut facts = Vec::with_capacity(payload.events.len() + 1);
    let mut rejected = Vec::new();
    for (index, event) in payload.events.into_iter().enumerate() {
        match event.and_then(|timed| fact(timed, live, now, held)) {
            Ok(fact) if is_wanted(&fact.kind, collecting) => facts.push(fact),
            Ok(_) => {}
            Err(reason) => rejected.push((index, reason)),
        }
    }
    // What a page claims to have dropped is bounded: it is only shown, never trusted.
    let events = payload.dropped.min(MAX_CLAIMED) + rejected.len() as u64;
    if events > 0 {
        let kind = FactKind::Dropped { events };
        facts.push(Fact { at: now, page: String::new(), kind });
    }
    let environment = live.environment.id;
    (Batch { id: payload.id, environment, received_at: now, visit, facts }, rejected)
}

/// Who sends it, and under which circumstances. What it was exposed to counts as far as the
/// environment has such flags and variants.
fn visit(service: &Service, payload: &decode::Batch, live: &LiveEnvironment) -> Visit {
    let environment = live.environment.id;
    let who = payload.visitor.as_ref().map(|visitor| {
        let id = payload.user.as_ref().unwrap_or(visitor);
        (person(service, environment, id), session(service, environment, &payload.session))
    });
    let exposed = payload.exposed.iter().filter_map(|(flag, variant)| {
        let entry = live.snapshot.flag(flag)?;
        let variant = VariantName::new(variant.as_str()).ok()?;
        entry.flag.variant(&variant).is_some().then(|| (entry.flag.key.clone(), variant))
    });
    Visit {
        who,
        device: match payload.device {
            decode::Device::Phone => Device::Phone,
            decode::Device::Tablet => Device::Tablet,
            decode::Device::Desktop => Device::Desktop,
        },
        release: payload.release.clone(),
        exposed: exposed.collect(),
        phase: current_phase(&live.snapshot).map(|phase| phase.number),
    }
}

/// Feedback is what somebody wanted to say, whatever is measured.
fn is_wanted(kind: &FactKind, collecting: Collecting) -> bool {
    match kind {
        FactKind::Vital { .. } | FactKind::Timing { .. } => collecting.performance,
        FactKind::Error(_) => collecting.errors,
        FactKind::Exposure { .. }
        | FactKind::FeatureUsed { .. }
        | FactKind::Engaged { .. }
        | FactKind::Task { .. }
        | FactKind::View
        | FactKind::Custom { .. } => collecting.analytics,
        FactKind::Feedback(_) | FactKind::Dropped { .. } => true,
    }
}

fn fact(timed: Timed, live: &LiveEnvironment, now: Timestamp, held: u64) -> Result<Fact, String> {
    let Timed { age, page, event } = timed;
    let age = i64::try_from(age.saturating_add(held)).unwrap_or(i64::MAX);
    let age = TimeDelta::try_milliseconds(age);
    let at = age.and_then(|age| now.checked_sub_signed(age)).unwrap_or(now);
    let kind = match event {
        Event::Vital(decode::Vital { name, value, was, .. }) => {
            let vital =
                Vital::parse(&name).ok_or_else(|| format!("name: there is no vital {name:?}"))?;
            FactKind::Vital { vital, millionths: value, was }
        }
        Event::Error(error) => FactKind::Error(report(error, page.clone())),
        Event::View { .. } => FactKind::View,
        Event::Exposure { flag, variant } => {
            let flag = known_flag(&flag, live)?;
            let known = VariantName::new(variant.as_str()).ok().filter(|name| {
                live.snapshot.flag(flag.as_str()).is_some_and(|e| e.flag.variant(name).is_some())
            });
            let variant =
                known.ok_or_else(|| format!("variant: {flag} has no variant {variant:?}"))?;
            FactKind::Exposure { flag, variant }
        }
        Event::Use { flag, .. } => FactKind::FeatureUsed { flag: known_flag(&flag, live)? },
        Event::Engaged { flag, value } => {
            FactKind::Engaged { flag: known_flag(&flag, live)?, millionths: value }
        }
        Event::Task { name, outcome, value } => {
            let outcome = match outcome {
                Outcome::Started => TaskOutcome::Started,
                Outcome::Completed => TaskOutcome::Completed,
                Outcome::Abandoned => TaskOutcome::Abandoned,
            };
            FactKind::Task { name, outcome, millionths: value }
        }
        Event::Custom { name, .. } => FactKind::Custom { name },
        Event::Timing { kind, name, value, failed } => {
            let kind = match kind.as_str() {
                "api" => TimingKind::Api,
                "render" => TimingKind::Render,
                other => return Err(format!("kind: \"api\" or \"render\", not {other:?}")),
            };
            FactKind::Timing { kind, name, millionths: value, has_failed: failed }
        }
        Event::Feedback(decode::Feedback { kind, rating, score, message, screenshot }) => {
            let (message, page) = (message.trim().to_owned(), page.clone());
            FactKind::Feedback(Feedback { kind, rating, score, message, page, screenshot })
        }
    };
    Ok(Fact { at, page, kind })
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

fn known_flag(key: &str, live: &LiveEnvironment) -> Result<FlagKey, String> {
    match live.snapshot.flag(key) {
        Some(entry) => Ok(entry.flag.key.clone()),
        None => Err(format!("flag: there is no flag {key:?} in this environment")),
    }
}
