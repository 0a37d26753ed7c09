//! Batches of pages on which only the loader ran. They hold the browser's entries, and the server
//! turns them into the events that the collector would have sent, with the same code.

use crate::{
    Collector,
    errors::Problem,
    scrub::scrub,
    vitals::{Candidate, EventTiming},
};

/// A page view as the loader reports it. Times are milliseconds since the page began.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoaderFallback<'a> {
    pub page: &'a str,
    /// Time at which the batch was sent.
    pub now: f64,
    /// Time at which a prerendered page was shown; otherwise 0.
    pub activation: f64,
    /// Time of the first byte; 0 if the browser did not report it.
    pub response: f64,
    /// Whether the page was hidden when it began.
    pub was_hidden: bool,
    /// The observed events, in order.
    pub seen: Vec<Seen<'a>>,
}

/// An event that the loader observed.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<'a> {
    /// A performance entry of the browser; fields that it does not have are 0.
    Entry {
        kind: &'a str,
        /// The entry's name, such as `first-contentful-paint`.
        name: &'a str,
        start: f64,
        duration: f64,
        /// A layout shift's score.
        value: f64,
        /// Whether a layout shift followed an input.
        had_recent_input: bool,
        /// When an event's handlers began.
        processing_start: f64,
        /// The id of the interaction that an event belongs to; 0 if none.
        interaction: f64,
    },
    /// The app acted on a flag's answer.
    Exposure { at: f64, flag: &'a str, variant: &'a str },
    /// The use of a feature.
    Used { at: f64, flag: &'a str },
    /// A custom event of the app.
    Custom { at: f64, name: &'a str },
    /// The start or the end of a task.
    Task {
        at: f64,
        name: &'a str,
        /// One of `started`, `completed` or `abandoned`.
        outcome: &'a str,
        duration: f64,
    },
    Timing {
        at: f64,
        kind: &'a str,
        /// The endpoint or component.
        name: &'a str,
        /// Milliseconds that it took.
        duration: f64,
    },
    /// An error that was not caught, or that the app has captured.
    Error { at: f64, message: &'a str, stack: &'a str },
}

/// Returns the events that the collector would have sent, as the JSON array of a batch.
#[must_use]
pub fn replay_events(alone: &LoaderFallback<'_>) -> String {
    let LoaderFallback { page, now, activation, response, was_hidden, ref seen } = *alone;
    let mut collector = Collector::new("", &scrub(page), "", activation, response);
    if was_hidden {
        collector.record_earlier_hiding(0.0);
    }
    if response > 0.0 && response < now {
        collector.report_first_byte();
    }
    // The browser's entries come first: of many errors, some may not fit into a batch.
    let is_entry = |seen: &&Seen<'_>| matches!(seen, Seen::Entry { .. });
    let later = seen.iter().filter(|seen| !is_entry(seen));
    let mut is_over = false;
    for seen in seen.iter().filter(is_entry).chain(later) {
        if !is_over && !is_entry(&seen) {
            collector.record_hidden(now, 0.0);
            is_over = true;
        }
        match *seen {
            Seen::Exposure { at, flag, variant } => collector.record_exposure(at, flag, variant),
            Seen::Used { at, flag } => collector.record_use(at, flag, ""),
            Seen::Custom { at, name } => collector.record_custom_event(at, name, ""),
            Seen::Task { at, name, outcome, duration } => {
                collector.record_task(at, name, outcome, duration);
            }
            Seen::Timing { at, kind, name, duration } => {
                collector.record_timing(at, kind, name, duration, false);
            }
            Seen::Error { at, message, stack } => {
                let (message, stack) = (&scrub(message), &scrub(stack));
                let problem = Problem { kind: "error", message, stack, ..Problem::default() };
                collector.record_error(at, problem);
            }
            Seen::Entry {
                kind,
                name,
                start,
                duration,
                value,
                had_recent_input,
                processing_start,
                interaction,
            } => match kind {
                "paint" if name == "first-contentful-paint" => {
                    collector.report_first_paint(start);
                }
                "largest-contentful-paint" => {
                    let candidate = Candidate { at: start, ..Candidate::default() };
                    collector.view.add_paint_candidate(candidate);
                }
                "layout-shift" if !had_recent_input => collector.add_layout_shift(start, value, ""),
                "event" | "first-input" => {
                    if kind == "first-input" {
                        collector.report_first_input(start, processing_start);
                    }
                    let event = EventTiming {
                        id: interaction,
                        start,
                        duration,
                        processing_start,
                        processing_end: processing_start,
                    };
                    collector.view.add_event_timing(event, "");
                }
                _ => {}
            },
        }
    }
    if !is_over {
        collector.record_hidden(now, 0.0);
    }
    let batch = collector.take_batch(now);
    batch.find('[').and_then(|start| batch.get(start..)).unwrap_or("[]").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_the_collector_is_measured() {
        let entry = |kind, name, start, value| Seen::Entry {
            kind,
            name,
            start,
            duration: 0.0,
            value,
            had_recent_input: false,
            processing_start: start + 3.0,
            interaction: 0.0,
        };
        let seen = vec![
            entry("paint", "first-paint", 90.0, 0.0),
            entry("paint", "first-contentful-paint", 100.0, 0.0),
            entry("largest-contentful-paint", "", 150.0, 0.0),
            entry("layout-shift", "", 200.0, 0.25),
            entry("first-input", "", 300.0, 0.0),
            Seen::Error { at: 400.0, message: "No ada@example.com", stack: "" },
        ];
        let page = "/reset/ada@example.com";
        let alone =
            LoaderFallback { page, now: 500.0, response: 40.0, seen, ..LoaderFallback::default() };
        let events = replay_events(&alone);
        for part in [
            r#""name":"FCP","value":100000"#,
            r#""name":"LCP","value":150000"#,
            r#""name":"CLS","value":250000"#,
            r#""name":"TTFB","value":40000"#,
            r#""name":"FID","value":3000"#,
            r#""message":"No [email]""#,
            r#""page":"/reset/[email]""#,
        ] {
            assert!(events.contains(part), "{part} in {events}");
        }
        assert!(!events.contains("INP"), "{events}");
        let error = |n: usize| format!("{n} {}", "x".repeat(290));
        let errors: Vec<String> = (0..99).map(error).collect();
        let mut seen: Vec<Seen<'_>> =
            errors.iter().map(|message| Seen::Error { at: 1.0, message, stack: "" }).collect();
        seen.push(Seen::Exposure { at: 2.0, flag: "A", variant: "on" });
        seen.push(entry("paint", "first-contentful-paint", 100.0, 0.0));
        seen.push(entry("largest-contentful-paint", "", 150.0, 0.0));
        seen.push(entry("layout-shift", "", 200.0, 0.25));
        let crowded = super::replay_events(&LoaderFallback {
            page,
            now: 500.0,
            response: 40.0,
            seen,
            ..LoaderFallback::default()
        });
        for part in [r#""name":"LCP""#, r#""name":"CLS""#] {
            assert!(crowded.contains(part), "vitals are not cut first: {crowded}");
        }
        assert_eq!(super::replay_events(&LoaderFallback::default()), "[]");
    }
}
