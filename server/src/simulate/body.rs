//! Encodes a simulated batch as a page would send it.

use anyhow::{bail, ensure};
use phasegate_domain::{
    errors::Severity,
    events::{Event, EventKind, TaskOutcome},
    simulation::{SimulatedBatch, SimulatedSession, Simulation},
};
use phasegate_wire::encode::{EventsWriter, WireEvent};
use serde_json::{Value, json};

/// Returns the body of `POST /collect`.
pub(super) fn encode_batch(
    simulation: &Simulation,
    session: &SimulatedSession,
    batch: &SimulatedBatch,
) -> anyhow::Result<String> {
    let sent_at = batch.at.timestamp_millis();
    let mut events = EventsWriter::new(sent_at.unsigned_abs());
    for event in &batch.events {
        ensure!(events.push_event(&wire_event(event)?), "a simulated batch is too large");
    }
    let segments: Vec<&str> = session.segments.iter().map(|segment| segment.as_str()).collect();
    let events: Value = serde_json::from_str(&events.finish())?;
    let frame = json!({
        "v": phasegate_wire::VERSION,
        "batch": batch.id,
        "session": batch.session,
        "visitor": batch.user,
        "user": batch.user,
        "device": session.device.as_str(),
        "release": batch.release,
        "exposed": batch.exposed,
        "segments": segments.join(","),
        "simulated": {"at": sent_at, "phase": session.phase.0, "seed": simulation.seed},
        "events": events,
    });
    Ok(frame.to_string())
}

fn wire_event(event: &Event) -> anyhow::Result<WireEvent> {
    let at = event.at.timestamp_millis().unsigned_abs();
    let new = |kind: &str| WireEvent::new(kind, at).with_text_if_any("page", &event.page);
    Ok(match &event.kind {
        EventKind::View => new("view"),
        EventKind::Vital { vital, millionths, was } => {
            let told =
                new("vital").with_text("name", vital.as_str()).with_number("value", *millionths);
            match was {
                Some(was) => told.with_number("was", *was),
                None => told,
            }
        }
        EventKind::Error(report) => new("error")
            .with_text("message", &report.message)
            .with_text("severity", severity_name(report.severity))
            .with_number("count", report.count),
        EventKind::Engaged { flag, millionths } => {
            new("engaged").with_text("flag", flag.as_str()).with_number("value", *millionths)
        }
        EventKind::Task { name, outcome, millionths } => new("task")
            .with_text("name", name)
            .with_text("outcome", TaskOutcome::as_str(*outcome))
            .with_number("value", *millionths),
        EventKind::Exposure { flag, variant } => {
            new("exposure").with_text("flag", flag.as_str()).with_text("variant", variant.as_str())
        }
        EventKind::FeatureUsed { flag } => new("use").with_text("flag", flag.as_str()),
        EventKind::Custom { name } => new("custom").with_text("name", name),
        EventKind::Timing { kind, name, millionths, has_failed } => {
            let told = new("timing").with_text("kind", kind.as_str()).with_text("name", name);
            let told = told.with_number("value", *millionths);
            if *has_failed { told.with_json("failed", "true") } else { told }
        }
        EventKind::Feedback(feedback) => {
            let mut told = new("feedback").with_text("kind", &feedback.kind);
            if let Some(rating) = feedback.rating {
                told = told.with_number("rating", rating.into());
            }
            if let Some(score) = feedback.score {
                told = told.with_number("score", score.into());
            }
            told.with_text_if_any("message", &feedback.message)
        }
        // Pages encode these differently, and no population contains them.
        kind @ (EventKind::Property { .. }
        | EventKind::Dropped { .. }
        | EventKind::Rejected { .. }) => {
            bail!("a simulated batch holds {kind:?}")
        }
    })
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Critical => "critical",
    }
}
