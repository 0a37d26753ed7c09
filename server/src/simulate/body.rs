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
pub(super) fn of(
    simulation: &Simulation,
    session: &SimulatedSession,
    batch: &SimulatedBatch,
) -> anyhow::Result<String> {
    let sent_at = batch.at.timestamp_millis();
    let mut events = EventsWriter::new(sent_at.unsigned_abs());
    for event in &batch.events {
        ensure!(events.push(&wire_event(event)?), "a simulated batch is too large");
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
    let new = |kind: &str| WireEvent::new(kind, at).text_if_any("page", &event.page);
    Ok(match &event.kind {
        EventKind::View => new("view"),
        EventKind::Vital { vital, millionths, was } => {
            let told = new("vital").text("name", vital.as_str()).number("value", *millionths);
            match was {
                Some(was) => told.number("was", *was),
                None => told,
            }
        }
        EventKind::Error(report) => new("error")
            .text("message", &report.message)
            .text("severity", severity(report.severity))
            .number("count", report.count),
        EventKind::Engaged { flag, millionths } => {
            new("engaged").text("flag", flag.as_str()).number("value", *millionths)
        }
        EventKind::Task { name, outcome, millionths } => new("task")
            .text("name", name)
            .text("outcome", TaskOutcome::as_str(*outcome))
            .number("value", *millionths),
        EventKind::Exposure { flag, variant } => {
            new("exposure").text("flag", flag.as_str()).text("variant", variant.as_str())
        }
        EventKind::FeatureUsed { flag } => new("use").text("flag", flag.as_str()),
        EventKind::Custom { name } => new("custom").text("name", name),
        EventKind::Timing { kind, name, millionths, has_failed } => {
            let told = new("timing").text("kind", kind.as_str()).text("name", name);
            let told = told.number("value", *millionths);
            if *has_failed { told.raw("failed", "true") } else { told }
        }
        EventKind::Feedback(feedback) => {
            let mut told = new("feedback").text("kind", &feedback.kind);
            if let Some(rating) = feedback.rating {
                told = told.number("rating", rating.into());
            }
            if let Some(score) = feedback.score {
                told = told.number("score", score.into());
            }
            told.text_if_any("message", &feedback.message)
        }
        // Pages encode these differently, and no population contains them.
        kind @ (EventKind::Property { .. }
        | EventKind::Dropped { .. }
        | EventKind::Rejected { .. }) => {
            bail!("a simulated batch holds {kind:?}")
        }
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Critical => "critical",
    }
}
