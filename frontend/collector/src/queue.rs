//! A bounded queue of events to send; events that do not fit are counted.

use phasegate_wire::encode::{EventsWriter, WireEvent, push_number};

/// The maximum number of events that wait.
const MAX_WAITING: usize = 400;

/// The category of an event. Events of categories that are switched off are not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Analytics,
    Performance,
    Errors,
    Feedback,
}

/// The categories that the server collects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) analytics: bool,
    pub(crate) performance: bool,
    pub(crate) errors: bool,
    /// Set for visitors who opt out of measurement, and for visits outside the sample: feedback
    /// that they submit is still sent.
    pub(crate) only_feedback: bool,
}

impl Wanted {
    pub(crate) fn includes_kind(&self, kind: Kind) -> bool {
        match kind {
            Kind::Feedback => true,
            _ if self.only_feedback => false,
            Kind::Analytics => self.analytics,
            Kind::Performance => self.performance,
            Kind::Errors => self.errors,
        }
    }
}

#[derive(Debug)]
struct Waiting {
    kind: Kind,
    event: WireEvent,
    /// The key under which repetitions are folded; empty if they are not.
    key: String,
    count: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Vec<Waiting>,
    dropped: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, kind: Kind, event: WireEvent) {
        self.push_keyed(kind, event, String::new(), 1);
    }

    /// Adds an event whose repetitions are folded into it for as long as it waits.
    pub(crate) fn push_keyed(&mut self, kind: Kind, event: WireEvent, key: String, count: u64) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push(Waiting { kind, event, key, count });
        } else {
            self.count_dropped_events(count);
        }
    }

    /// Returns whether an event of that key waits, and counts a repetition if so.
    pub(crate) fn count_repetition(&mut self, key: &str) -> bool {
        debug_assert!(!key.is_empty());
        let found = self.waiting.iter_mut().find(|waiting| waiting.key == key);
        found.map(|waiting| waiting.count += 1).is_some()
    }

    /// Counts events that were lost.
    pub(crate) fn count_dropped_events(&mut self, count: u64) {
        self.dropped += count;
    }

    /// Takes as many events as fit into one batch. Returns the number of dropped events, followed
    /// by the events as a JSON array; empty if there is nothing to send.
    pub(crate) fn take_batch(&mut self, wanted: Wanted, now: u64) -> String {
        self.waiting.retain(|waiting| wanted.includes_kind(waiting.kind));
        let dropped = if wanted.only_feedback { 0 } else { self.dropped };
        let mut out = String::new();
        if self.waiting.is_empty() && dropped == 0 {
            return out;
        }
        push_number(&mut out, dropped);
        self.dropped = 0;
        let mut events = EventsWriter::new(now);
        let mut fitting = 0;
        for waiting in &self.waiting {
            let fits = if waiting.count > 1 {
                events.push_event(&waiting.event.clone().with_number("count", waiting.count))
            } else {
                events.push_event(&waiting.event)
            };
            if !fits {
                break;
            }
            fitting += 1;
        }
        self.waiting.drain(..fitting);
        out.push_str(&events.finish());
        out
    }
}

/// Returns the first `most` characters.
pub(crate) fn truncate_chars(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use phasegate_wire::decode;

    use super::*;

    const ALL: Wanted =
        Wanted { analytics: true, performance: true, errors: true, only_feedback: false };

    fn custom_event(name: &str) -> WireEvent {
        WireEvent::new("custom", 0).with_text("name", name)
    }

    fn take_decoded_batch(queue: &mut Queue, wanted: Wanted) -> Option<decode::Batch<'static>> {
        crate::tests::decode_batch(&queue.take_batch(wanted, 1))
    }

    #[test]
    fn a_queue_empties_in_batches() {
        let mut queue = Queue::default();
        (0..300).for_each(|_| queue.push(Kind::Analytics, custom_event("a")));
        let sizes: Vec<usize> = std::iter::from_fn(|| take_decoded_batch(&mut queue, ALL))
            .map(|batch| batch.events.len())
            .collect();
        assert_eq!(sizes, [200, 100]);
    }

    #[test]
    fn events_that_do_not_fit_are_counted() {
        let mut queue = Queue::default();
        (0..450).for_each(|_| queue.push(Kind::Errors, custom_event("a")));
        assert_eq!(take_decoded_batch(&mut queue, ALL).unwrap().dropped, 50);
        assert_eq!(take_decoded_batch(&mut queue, ALL).unwrap().dropped, 0);
    }

    #[test]
    fn repetitions_are_folded_while_they_wait() {
        let mut queue = Queue::default();
        let error = WireEvent::new("error", 0).with_text("message", "x");
        queue.push_keyed(Kind::Errors, error, "x".into(), 1);
        assert!(
            queue.count_repetition("x")
                && queue.count_repetition("x")
                && !queue.count_repetition("y")
        );
        let batch = take_decoded_batch(&mut queue, ALL).unwrap();
        let decode::WireEvent::Error(error) = &batch.events[0].as_ref().unwrap().event else {
            panic!()
        };
        assert_eq!(error.count, 3);
        assert!(!queue.count_repetition("x"), "what is gone is gone");
    }

    #[test]
    fn unwanted_categories_are_not_sent() {
        let mut queue = Queue::default();
        queue.push(Kind::Analytics, custom_event("a"));
        queue.push(Kind::Feedback, WireEvent::new("feedback", 0).with_text("message", "hello"));
        queue.count_dropped_events(7);
        let batch = take_decoded_batch(&mut queue, Wanted { only_feedback: true, ..ALL }).unwrap();
        assert_eq!((batch.events.len(), batch.dropped), (1, 0));
        queue.push(Kind::Analytics, custom_event("a"));
        assert!(take_decoded_batch(&mut queue, Wanted { analytics: false, ..ALL }).is_none());
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!(truncate_chars("äöü", 2), "äö");
    }
}
