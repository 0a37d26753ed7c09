//! The embeddable browser collector: what to report, and how it is put together.
//!
//! The listening is done in JavaScript (`js/loader.js`, `js/bridge.js`), because each callback
//! from WASM costs bytes in every visitor's browser; the deciding is done here. No `format!`,
//! no floating-point output, no panics: together they would double the download.

mod queue;
mod vitals;

use phasegate_wire::encode::Event;
use queue::{Queue, cut};
use vitals::{Vitals, millionths};
use wasm_bindgen::prelude::wasm_bindgen;

/// One page view's collector. Times are milliseconds since the page began, as the browser's
/// performance entries have them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Collector {
    session: String,
    page: String,
    vitals: Vitals,
    queue: Queue,
    /// Flag and variant of the exposures that this page view has reported.
    exposed: Vec<(String, String)>,
}

#[wasm_bindgen]
impl Collector {
    /// Begins a page view. `activation` is when a prerendered page was shown, otherwise 0.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(session: String, page: String, activation: f64) -> Self {
        Self {
            session,
            page: cut(&page, phasegate_wire::MAX_NAME_CHARS),
            vitals: Vitals::new(activation),
            queue: Queue::default(),
            exposed: Vec::new(),
        }
    }

    /// The page was hidden once, at a time that lies behind us: what was painted later does not
    /// count.
    pub fn was_hidden(&mut self, at: f64) {
        self.vitals.hide(at);
    }

    /// The page is hidden now: what is final by that is reported, once. (What still grows after
    /// the visitor comes back is not reported again; the payload has no way to replace a value.)
    /// `interactions` is the browser's own count, 0 where it does not count.
    pub fn hidden(&mut self, at: f64, interactions: f64) {
        self.vitals.hide(at);
        self.report_lcp(at);
        if let Some(value) = self.vitals.take_cls() {
            self.report(at, "CLS", value);
        }
        if let Some(value) = self.vitals.take_inp(interactions) {
            self.report(at, "INP", value);
        }
    }

    /// The user pressed or typed: the largest paint cannot grow any more.
    pub fn input(&mut self, at: f64) {
        self.report_lcp(at);
    }

    /// The first byte arrived.
    pub fn first_byte(&mut self, at: f64, response_start: f64) {
        let value = self.vitals.since_activation(response_start);
        self.report(at, "TTFB", value);
    }

    /// Something was painted for the first time.
    pub fn first_contentful_paint(&mut self, at: f64) {
        if let Some(value) = self.vitals.first_contentful_paint(at) {
            self.report(at, "FCP", value);
        }
    }

    /// Something larger was painted.
    pub fn largest_contentful_paint(&mut self, at: f64) {
        self.vitals.largest_contentful_paint(at);
    }

    /// Something moved.
    pub fn layout_shift(&mut self, at: f64, value: f64, had_recent_input: bool) {
        self.vitals.layout_shift(at, value, had_recent_input);
    }

    /// An event was handled; `interaction` is 0 where it belongs to none.
    pub fn event_timing(&mut self, duration: f64, interaction: f64) {
        self.vitals.event_timing(duration, interaction);
    }

    /// The first input was handled.
    pub fn first_input(&mut self, at: f64, processing_start: f64) {
        if let Some(value) = self.vitals.first_input(at, processing_start) {
            self.report(at, "FID", value);
        }
    }

    /// Something went wrong.
    pub fn error(&mut self, at: f64, message: &str, stack: &str, feature: &str, component: &str) {
        let event = self
            .event("error", at)
            .text("message", &cut(message, phasegate_wire::MAX_MESSAGE_CHARS))
            .text_if_any("stack", &cut(stack, phasegate_wire::MAX_STACK_CHARS))
            .text_if_any("feature", &cut(feature, phasegate_wire::MAX_NAME_CHARS))
            .text_if_any("component", &cut(component, phasegate_wire::MAX_NAME_CHARS));
        self.queue.push_error(event);
    }

    /// The app acted on a flag's answer; reported once per variant and page view.
    pub fn exposure(&mut self, at: f64, flag: &str, variant: &str) {
        if self.exposed.iter().any(|(f, v)| f == flag && v == variant) {
            return;
        }
        self.exposed.push((flag.to_owned(), variant.to_owned()));
        let event = self.event("exposure", at).text("flag", flag).text("variant", variant);
        self.queue.push(event);
    }

    /// A user used a feature.
    pub fn feature_used(&mut self, at: f64, flag: &str) {
        let event = self.event("use", at).text("flag", flag);
        self.queue.push(event);
    }

    /// The app's own event.
    pub fn custom(&mut self, at: f64, name: &str) {
        let name = cut(name, phasegate_wire::MAX_NAME_CHARS);
        let event = self.event("custom", at).text("name", &name);
        self.queue.push(event);
    }

    /// Something was timed: `kind` is `api` or `render`.
    pub fn timing(&mut self, at: f64, kind: &str, name: &str, duration: f64) {
        let name = cut(name, phasegate_wire::MAX_NAME_CHARS);
        let event = self
            .event("timing", at)
            .text("kind", kind)
            .text("name", &name)
            .number("value", millionths(duration));
        self.queue.push(event);
    }

    /// A user said something; a `rating` of 0 is none.
    pub fn feedback(&mut self, at: f64, rating: u8, message: &str) {
        let message = cut(message, phasegate_wire::MAX_MESSAGE_CHARS);
        let mut event = self.event("feedback", at).text("message", &message);
        if rating > 0 {
            event = event.number("rating", u64::from(rating));
        }
        self.queue.push(event);
    }

    /// The next body to send, or `undefined` when there is nothing to say.
    pub fn batch(&mut self, now: f64, id: &str) -> Option<String> {
        self.queue.batch(now as u64, id, &self.session)
    }

    fn event(&self, kind: &str, at: f64) -> Event {
        Event::new(kind, at as u64).text("page", &self.page)
    }

    fn report(&mut self, at: f64, name: &str, value: u64) {
        let event = self.event("vital", at).text("name", name).number("value", value);
        self.queue.push(event);
    }

    fn report_lcp(&mut self, at: f64) {
        if let Some(value) = self.vitals.take_lcp() {
            self.report(at, "LCP", value);
        }
    }
}
