//! Converts wire events to domain events, with names that the environment knows.

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    config::CollectionSettings,
    errors::{ErrorReport, Severity},
    events::{Event, EventKind, RejectionCode, TaskOutcome, TimingKind},
    feedback::Feedback,
    ids::{FlagKey, SegmentKey, VariantName},
    simulation::{FLAGS, SEGMENTS},
    vitals::Vital,
};
use phasegate_wire::decode::{self, Outcome, Timed, WireEvent};
use serde_json::Value;

use crate::CachedEnvironment;

/// Returns whether the collection settings admit an event. Feedback is always admitted.
pub(super) fn is_wanted(kind: &EventKind, settings: CollectionSettings) -> bool {
    match kind {
        EventKind::Vital { .. } | EventKind::Timing { .. } => settings.performance,
        EventKind::Error(_) => settings.errors,
        EventKind::Exposure { .. }
        | EventKind::FeatureUsed { .. }
        | EventKind::Engaged { .. }
        | EventKind::Task { .. }
        | EventKind::View
        | EventKind::Custom { .. }
        | EventKind::Property { .. } => settings.analytics,
        EventKind::Feedback(_) | EventKind::Dropped { .. } | EventKind::Rejected { .. } => true,
    }
}

pub(super) fn to_event(
    timed: Timed,
    known: &Known<'_>,
    sent_at: Timestamp,
) -> Result<Event, Unknown> {
    let Timed { age, page, event } = timed;
    let at = subtract_millis(sent_at, age);
    let kind = match event {
        WireEvent::Vital(decode::Vital { name, value, was, .. }) => {
            let vital = Vital::parse(&name).ok_or_else(|| {
                let message = format!("name: there is no vital {name:?}");
                Unknown { code: RejectionCode::UnknownValue, field: "name", message }
            })?;
            EventKind::Vital { vital, millionths: value, was }
        }
        WireEvent::Error(error) => EventKind::Error(to_error_report(error, page.clone())),
        WireEvent::View { .. } => EventKind::View,
        WireEvent::Exposure { flag, variant } => {
            let flag = known.find_flag(&flag)?;
            let variant = known.find_variant(&flag, &variant)?;
            EventKind::Exposure { flag, variant }
        }
        WireEvent::Use { flag, .. } => EventKind::FeatureUsed { flag: known.find_flag(&flag)? },
        WireEvent::Engaged { flag, value } => {
            EventKind::Engaged { flag: known.find_flag(&flag)?, millionths: value }
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
                other => {
                    let message = format!("kind: \"api\" or \"render\", not {other:?}");
                    return Err(Unknown {
                        code: RejectionCode::UnknownValue,
                        field: "kind",
                        message,
                    });
                }
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

/// Returns each property of an event as an event of its own; properties that are null are left out.
pub(super) fn property_events(timed: &Timed) -> Vec<EventKind> {
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

fn to_error_report(error: decode::Error, page: String) -> ErrorReport {
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

/// A name or value in an event that does not exist here.
pub(super) struct Unknown {
    pub(super) code: RejectionCode,
    pub(super) field: &'static str,
    pub(super) message: String,
}

/// The names that events may hold: those of the environment, and those of simulations in simulated
/// batches.
pub(super) struct Known<'a> {
    pub(super) live: &'a CachedEnvironment,
    pub(super) is_simulated: bool,
}

impl Known<'_> {
    pub(super) fn find_flag(&self, key: &str) -> Result<FlagKey, Unknown> {
        let simulated =
            || FlagKey::new(key).ok().filter(|_| self.is_simulated && FLAGS.contains(&key));
        let stored = self.live.snapshot.flag(key).map(|entry| entry.flag.key.clone());
        let known = stored.or_else(simulated);
        known.ok_or_else(|| {
            let message = format!("flag: there is no flag {key:?} in this environment");
            Unknown { code: RejectionCode::UnknownFlag, field: "flag", message }
        })
    }

    pub(super) fn find_variant(&self, flag: &FlagKey, name: &str) -> Result<VariantName, Unknown> {
        let is_known = |variant: &VariantName| {
            let entry = self.live.snapshot.flag(flag.as_str());
            let is_stored = entry.is_some_and(|entry| entry.flag.variant(variant).is_some());
            is_stored || (self.is_simulated && matches!(name, "on" | "off"))
        };
        let known = VariantName::new(name).ok().filter(is_known);
        known.ok_or_else(|| {
            let message = format!("variant: {flag} has no variant {name:?}");
            Unknown { code: RejectionCode::UnknownVariant, field: "variant", message }
        })
    }

    pub(super) fn find_segment(&self, key: &str) -> Option<SegmentKey> {
        let is_stored = || self.live.segments.iter().any(|known| known.value.key.as_str() == key);
        let is_known = is_stored() || (self.is_simulated && SEGMENTS.contains(&key));
        is_known.then(|| SegmentKey::new(key).ok()).flatten()
    }
}

/// Returns the instant this many milliseconds earlier, or `at` if that is out of range.
pub(super) fn subtract_millis(at: Timestamp, milliseconds: u64) -> Timestamp {
    let age = i64::try_from(milliseconds).ok().and_then(TimeDelta::try_milliseconds);
    age.and_then(|age| at.checked_sub_signed(age)).unwrap_or(at)
}
