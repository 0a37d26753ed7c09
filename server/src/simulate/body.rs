//! A made up batch as a page would write it.

use anyhow::{bail, ensure};
use phasegate_domain::{
    simulation::{MadeUpBatch, MadeUpSession},
    telemetry::{Fact, FactKind, Severity, Simulation, TaskOutcome},
};
use phasegate_wire::encode::{Event, EventsWriter};
use serde_json::{Value, json};

/// The body of `POST /collect`.
pub(super) fn of(
    simulation: &Simulation,
    session: &MadeUpSession,
    batch: &MadeUpBatch,
) -> anyhow::Result<String> {
    let sent_at = batch.at.timestamp_millis();
    let mut events = EventsWriter::new(sent_at.unsigned_abs());
    for fact in &batch.facts {
        ensure!(events.push(&event(fact)?), "a made up batch is too large");
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

fn event(fact: &Fact) -> anyhow::Result<Event> {
    let at = fact.at.timestamp_millis().unsigned_abs();
    let event = |kind: &str| Event::new(kind, at).text_if_any("page", &fact.page);
    Ok(match &fact.kind {
        FactKind::View => event("view"),
        FactKind::Vital { vital, millionths, was } => {
            let told = event("vital").text("name", vital.as_str()).number("value", *millionths);
            match was {
                Some(was) => told.number("was", *was),
                None => told,
            }
        }
        FactKind::Error(report) => event("error")
            .text("message", &report.message)
            .text("severity", severity(report.severity))
            .number("count", report.count),
        FactKind::Engaged { flag, millionths } => {
            event("engaged").text("flag", flag.as_str()).number("value", *millionths)
        }
        FactKind::Task { name, outcome, millionths } => event("task")
            .text("name", name)
            .text("outcome", TaskOutcome::as_str(*outcome))
            .number("value", *millionths),
        FactKind::Exposure { flag, variant } => {
            event("exposure").text("flag", flag.as_str()).text("variant", variant.as_str())
        }
        FactKind::FeatureUsed { flag } => event("use").text("flag", flag.as_str()),
        FactKind::Custom { name } => event("custom").text("name", name),
        FactKind::Timing { kind, name, millionths, has_failed } => {
            let told = event("timing").text("kind", kind.as_str()).text("name", name);
            let told = told.number("value", *millionths);
            if *has_failed { told.raw("failed", "true") } else { told }
        }
        FactKind::Feedback(feedback) => {
            let mut told = event("feedback").text("kind", &feedback.kind);
            if let Some(rating) = feedback.rating {
                told = told.number("rating", rating.into());
            }
            if let Some(score) = feedback.score {
                told = told.number("score", score.into());
            }
            told.text_if_any("message", &feedback.message)
        }
        // A page writes these another way, and no population says them.
        kind
        @ (FactKind::Property { .. } | FactKind::Dropped { .. } | FactKind::Refused { .. }) => {
            bail!("a made up batch holds {kind:?}")
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
