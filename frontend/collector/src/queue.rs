//! Events that wait to be sent. Bounded: what does not fit is counted.

use phasegate_wire::encode::{BatchWriter, Event};

/// Events that wait at once.
const MAX_WAITING: usize = 400;

/// Errors that one page view reports; a loop that throws must not flood anybody.
const MAX_ERRORS: u32 = 50;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Vec<Event>,
    errors: u32,
    dropped: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, event: Event) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push(event);
        } else {
            self.dropped += 1;
        }
    }

    pub(crate) fn push_error(&mut self, event: Event) {
        if self.errors < MAX_ERRORS {
            self.errors += 1;
            self.push(event);
        } else {
            self.dropped += 1;
        }
    }

    /// Takes as many as fit into one body.
    pub(crate) fn batch(&mut self, now: u64, id: &str, session: &str) -> Option<String> {
        if self.waiting.is_empty() && self.dropped == 0 {
            return None;
        }
        let mut batch = BatchWriter::new(id, session, self.dropped, now);
        self.dropped = 0;
        let fitting = self.waiting.iter().take_while(|event| batch.push(event)).count();
        self.waiting.drain(..fitting);
        Some(batch.finish())
    }
}

/// The first `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use phasegate_wire::decode;

    use super::*;

    fn event() -> Event {
        Event::new("use", 0).text("flag", "A")
    }

    #[test]
    fn a_queue_empties_in_batches() {
        let mut queue = Queue::default();
        (0..300).for_each(|_| queue.push(event()));
        let sizes: Vec<usize> = std::iter::from_fn(|| queue.batch(1, "b", "s"))
            .map(|body| decode::batch(body.as_bytes()).unwrap().events.len())
            .collect();
        assert_eq!(sizes, [200, 100]);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut queue = Queue::default();
        (0..60).for_each(|_| queue.push_error(Event::new("error", 0).text("message", "x")));
        let batch = decode::batch(queue.batch(1, "b", "s").unwrap().as_bytes()).unwrap();
        assert_eq!((batch.events.len(), batch.dropped), (50, 10));
        assert!(queue.batch(1, "b", "s").is_none());
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!(cut("äöü", 2), "äö");
    }
}
