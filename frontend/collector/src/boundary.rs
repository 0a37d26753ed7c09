//! The interface for JavaScript: one method for all events, because each further method would cost
//! every visitor some 200 bytes.
//!
//! In `note(what, at, a, b, c, d, texts)`, `what` is one of the numbers below, which
//! `js/bridge/10-core.js` has by the same names; the texts are joined by the separator.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Collector, errors::Problem, queue::Wanted};

/// Separates two texts; no text contains it.
const SEPARATOR: char = '\u{1f}';

#[wasm_bindgen]
impl Collector {
    /// Begins with a page view. Texts: origin, page, navigation.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn begin(activation: f64, response: f64, texts: &str) -> Self {
        let [origin, page, navigation, ..] = split_texts(texts);
        Self::new(origin, page, navigation, activation, response)
    }

    /// Records an event at `at`, in milliseconds since the page began.
    #[expect(clippy::too_many_arguments, reason = "one method for all is what makes it small")]
    pub fn note(&mut self, what: u32, at: f64, a: f64, b: f64, c: f64, d: f64, texts: &str) {
        let [one, two, three, four, five, six] = split_texts(texts);
        match what {
            // WANT: analytics, performance, errors, nothing but feedback.
            0 => self.set_wanted(Wanted {
                analytics: a > 0.0,
                performance: b > 0.0,
                errors: c > 0.0,
                only_feedback: d > 0.0,
            }),
            // VIEW: page, navigation, referrer.
            1 => self.record_page_view(at, one, two, three),
            // CONTINUED: interactions so far. Navigation.
            2 => self.begin_continued_view(at, one, a),
            // RESTORED: milliseconds to the paint.
            3 => self.report_restored_paint(a),
            // SOFT: milliseconds to the paint.
            4 => self.report_soft_paint(a),
            // SENT
            5 => self.mute_view(),
            // WAS_HIDDEN
            6 => self.record_earlier_hiding(at),
            // HIDDEN: interactions so far.
            7 => self.record_hidden(at, a),
            // VISIBLE
            8 => self.record_visible(at),
            // ACTIVE
            9 => self.record_activity(at),
            // INPUT
            10 => self.finish_largest_paint(),
            // FIRST_BYTE
            11 => self.report_first_byte(),
            // PAINT
            12 => self.report_first_paint(at),
            // LARGEST: start and end of loading its resource. Target, address.
            13 => self.add_paint_candidate(at, one, two, a, b),
            // SHIFT: score. Target.
            14 => self.add_layout_shift(at, a, one),
            // EVENT: interaction, duration, start and end of its handlers. Target.
            15 => self.add_event_timing(a, at, b, c, d, one),
            // SCRIPT: duration. Name.
            16 => self.add_script(at, a, one),
            // FIRST_INPUT: start of its handlers.
            17 => self.report_first_input(at, a),
            // CRUMB: kind, text.
            18 => self.add_crumb(at, one, two),
            // ERROR: kind, message, stack, feature, component, severity.
            19 => self.record_error(
                at,
                Problem {
                    kind: one,
                    message: two,
                    stack: three,
                    feature: four,
                    component: five,
                    severity: six,
                },
            ),
            // REQUEST: status, duration. Method, address.
            20 => self.record_request(at, one, two, a, b),
            // EXPOSURE: flag, variant.
            21 => self.record_exposure(at, one, two),
            // USE: flag, properties as JSON.
            22 => self.record_use(at, one, two),
            // CUSTOM: name, properties as JSON.
            23 => self.record_custom_event(at, one, two),
            // TASK: duration. Name, outcome.
            24 => self.record_task(at, one, two, a),
            // TIMING: duration, whether it failed. Kind, name.
            25 => self.record_timing(at, one, two, a, b > 0.0),
            // FEEDBACK: rating, score. Kind, message, screenshot.
            26 => self.record_feedback(at, one, a, b, two, three),
            // LOST: events.
            _ => self.count_lost_events(a),
        }
    }

    /// Takes the next events to send: the number of lost events, and the rest as a JSON array.
    /// Empty if there is nothing to send.
    #[must_use]
    pub fn take(&mut self, now: f64) -> String {
        self.take_batch(now)
    }
}

/// Splits the texts; missing ones are empty. The last one has whatever is left.
fn split_texts(texts: &str) -> [&str; 6] {
    let mut out = [""; 6];
    let mut parts = texts.splitn(6, SEPARATOR);
    for slot in &mut out {
        *slot = parts.next().unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_at_separators() {
        assert_eq!(split_texts(""), [""; 6]);
        assert_eq!(split_texts("a\u{1f}\u{1f}c"), ["a", "", "c", "", "", ""]);
        assert_eq!(split_texts("a\u{1f}b\u{1f}c\u{1f}d\u{1f}e\u{1f}f\u{1f}g")[5], "f\u{1f}g");
    }
}
