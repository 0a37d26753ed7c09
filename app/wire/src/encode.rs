//! Encodes events without serde and `format!`, because every visitor downloads this code.

use crate::{MAX_AGE, MAX_EVENTS, TARGET_EVENTS_BYTES};

/// An encoded event that is not yet sent. Its age is added when it is sent.
#[derive(Debug, Clone)]
pub struct WireEvent {
    at: u64,
    body: String,
}

impl WireEvent {
    /// Begins an event of type `kind` (see [`crate::decode::WireEvent`]) that happened at `at`
    /// milliseconds on the sender's own clock.
    #[must_use]
    pub fn new(kind: &str, at: u64) -> Self {
        let mut body = String::with_capacity(96);
        push_field(&mut body, "t", kind);
        Self { at, body }
    }

    /// Appends a string field to the object.
    #[must_use]
    pub fn with_text(mut self, name: &str, value: &str) -> Self {
        self.body.push(',');
        push_field(&mut self.body, name, value);
        self
    }

    /// Appends a string field unless it is empty.
    #[must_use]
    pub fn with_text_if_any(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.with_text(name, value) }
    }

    /// Appends a field with a whole number.
    #[must_use]
    pub fn with_number(mut self, name: &str, value: u64) -> Self {
        self.body.push(',');
        push_string(&mut self.body, name);
        self.body.push(':');
        push_number(&mut self.body, value);
        self
    }

    /// Appends a field with a list of whole numbers.
    #[must_use]
    pub fn with_numbers(mut self, name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        self.body.push(',');
        push_string(&mut self.body, name);
        self.body.push(':');
        let mut sign = '[';
        for value in values {
            self.body.push(sign);
            push_number(&mut self.body, value);
            sign = ',';
        }
        self.body.push(']');
        self
    }

    /// Appends a field whose value is already JSON.
    #[must_use]
    pub fn with_json(mut self, name: &str, json: &str) -> Self {
        self.body.push(',');
        push_string(&mut self.body, name);
        self.body.push(':');
        self.body.push_str(json);
        self
    }
}

/// Fills a JSON array with events until it is full.
#[derive(Debug)]
pub struct EventsWriter {
    body: String,
    events: usize,
    now: u64,
}

impl EventsWriter {
    /// Begins an array that is sent at `now`, in milliseconds on the same clock as its events.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self { body: String::from("["), events: 0, now }
    }

    /// Appends an event. Returns `false` if the batch is full; the event must go into the next one.
    pub fn push_event(&mut self, event: &WireEvent) -> bool {
        // 40 bytes for the age and the brackets.
        let full = self.body.len() + event.body.len() + 40 > TARGET_EVENTS_BYTES;
        if self.events == MAX_EVENTS || (full && self.events > 0) {
            return false;
        }
        if self.events > 0 {
            self.body.push(',');
        }
        self.body.push('{');
        self.body.push_str(&event.body);
        self.body.push_str(",\"age\":");
        // Events of pages that are open for longer are sent with the maximum age.
        push_number(&mut self.body, self.now.saturating_sub(event.at).min(MAX_AGE));
        self.body.push('}');
        self.events += 1;
        true
    }

    /// Closes the array and returns it.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.body.push(']');
        self.body
    }
}

fn push_field(out: &mut String, name: &str, value: &str) {
    push_string(out, name);
    out.push(':');
    push_string(out, value);
}

/// Appends a JSON string with its quotes.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Other control characters mean nothing in a message; a space keeps words apart.
            c if c < ' ' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a whole number in decimal digits.
pub fn push_number(out: &mut String, mut number: u64) {
    let mut divisor = 1_u64;
    while number / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        // A digit: below 10 by construction.
        out.push(char::from(b'0' + (number / divisor) as u8));
        number %= divisor;
        divisor /= 10;
    }
}

#[cfg(all(test, feature = "decode"))]
mod tests {
    use super::*;
    use crate::decode::{self, Timed, Vital, WireEvent as Decoded};

    #[test]
    fn encoded_events_decode_to_the_same_values() {
        let mut events = EventsWriter::new(5_000);
        assert!(
            events.push_event(
                &WireEvent::new("vital", 1_500)
                    .with_text("page", "/demo")
                    .with_text("name", "LCP")
                    .with_number("value", 1_840_000)
                    .with_numbers("parts", [1, 2])
            )
        );
        let message = "a \"quoted\" \\ line\nwith ünïcode \u{1}";
        assert!(events.push_event(
            &WireEvent::new("error", 5_000).with_text("page", "/").with_text("message", message)
        ));
        let used =
            WireEvent::new("use", 5_000).with_text("flag", "A").with_json("props", r#"{"n":1}"#);
        assert!(events.push_event(&used));
        let events = events.finish();
        let body = format!(r#"{{"v":1,"batch":"b","session":"s","events":{events}}}"#);
        let batch = decode::decode_batch(body.as_bytes()).unwrap();
        let events: Vec<Timed> = batch.events.into_iter().map(|event| event.unwrap()).collect();
        assert_eq!(events[0].age, 3_500);
        assert_eq!(
            events[0].event,
            Decoded::Vital(Vital {
                name: "LCP".into(),
                value: 1_840_000,
                parts: vec![1, 2],
                ..Vital::default()
            })
        );
        let Decoded::Error(error) = &events[1].event else { panic!("{:?}", events[1]) };
        assert_eq!(error.message, "a \"quoted\" \\ line\nwith ünïcode  ");
        let Decoded::Use { props, .. } = &events[2].event else { panic!("{:?}", events[2]) };
        assert_eq!(props["n"], 1);
    }

    #[test]
    fn numbers_are_written_with_all_digits() {
        for number in [0, 7, 10, 99, 100, 1_000_000, u64::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn a_full_batch_refuses_further_events() {
        let mut events = EventsWriter::new(0);
        let long = WireEvent::new("error", 0).with_text("message", &"x".repeat(20_000));
        assert!(events.push_event(&long));
        assert!(events.push_event(&long));
        assert!(!events.push_event(&long));
        assert!(events.finish().len() <= TARGET_EVENTS_BYTES);
        let mut events = EventsWriter::new(0);
        let short = WireEvent::new("use", 0).with_text("flag", "A");
        assert_eq!((0..300).filter(|_| events.push_event(&short)).count(), MAX_EVENTS);
    }
}
