//! The embeddable browser collector: decides what to report, and encodes it.
//!
//! JavaScript listens (`js/loader.js`, `js/bridge`), because each callback from WASM costs bytes in
//! every visitor's browser; this crate decides. It has no `format!`, no floating-point output, no
//! sorting and no panics: together they would double the download.

mod address;
mod boundary;
mod errors;
#[cfg(not(target_arch = "wasm32"))]
pub mod loader_fallback;
mod queue;
#[cfg(not(target_arch = "wasm32"))]
mod scrub;
mod usage;
mod vitals;

use errors::{Errors, Problem};
use phasegate_wire::{MAX_NAME_CHARS, encode::WireEvent};
use queue::{Kind, Queue, Wanted, cut};
use usage::Engagement;
use vitals::{Candidate, EventTiming, View, millionths};
use wasm_bindgen::prelude::wasm_bindgen;

/// The default allocator is made for programs that run for days; this one is a tenth of its size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// Milliseconds from which a request is reported as slow.
const SLOW: f64 = 5_000.0;

/// The collector of a loaded page. Times are milliseconds since the page began, as in the browser's
/// performance entries.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Collector {
    origin: String,
    page: String,
    view: View,
    errors: Errors,
    engagement: Engagement,
    queue: Queue,
    wanted: Wanted,
}

impl Collector {
    /// Creates a collector with a page view. `activation` is the time at which a prerendered page
    /// was shown, otherwise 0.
    #[must_use]
    pub(crate) fn new(
        origin: &str,
        page: &str,
        navigation: &str,
        activation: f64,
        response: f64,
    ) -> Self {
        let page = cut(page, MAX_NAME_CHARS);
        Self {
            origin: origin.to_owned(),
            view: View::loaded(navigation, &page, activation, response),
            page,
            errors: Errors::default(),
            engagement: Engagement::default(),
            queue: Queue::default(),
            wanted: Wanted {
                analytics: true,
                performance: true,
                errors: true,
                only_feedback: false,
            },
        }
    }

    /// Sets which kinds of events are reported.
    pub(crate) fn want(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    /// Records a page view: a load, or a navigation within a single-page app.
    pub(crate) fn page_view(&mut self, at: f64, page: &str, navigation: &str, referrer: &str) {
        self.page = cut(page, MAX_NAME_CHARS);
        self.errors.crumb(at, "navigation", page);
        let event = self
            .event("view", at)
            .text_if_any("nav", navigation)
            .text_if_any("referrer", &cut(referrer, MAX_NAME_CHARS));
        self.queue.push(Kind::Analytics, event);
    }

    /// Begins a view within a loaded page, from the back/forward cache or by a soft navigation.
    /// Reports the previous view.
    pub(crate) fn continued(&mut self, at: f64, navigation: &str, interactions: f64) {
        self.so_far(at, interactions);
        let event = self.view.finish_largest();
        self.report(event);
        self.view = View::continued(navigation, &self.page, at, interactions);
    }

    /// Records the paint of a view from the back/forward cache, in milliseconds after the return.
    pub(crate) fn restored(&mut self, value: f64) {
        self.view.restored(value).into_iter().for_each(|event| self.report(event));
    }

    /// Records the paint of a soft navigation, in milliseconds after it began.
    pub(crate) fn soft(&mut self, value: f64) {
        self.view.soft(value).into_iter().for_each(|event| self.report(event));
    }

    /// Suppresses the vitals of this view, because the loader has reported them already.
    pub(crate) fn was_sent(&mut self) {
        self.view.mute();
    }

    /// Records that the page was hidden at a time, possibly in the past: later paints do not count.
    pub(crate) fn was_hidden(&mut self, at: f64) {
        self.view.hide(at);
    }

    /// Records that the page is hidden, and reports everything, because it may never be visible
    /// again.
    pub(crate) fn hidden(&mut self, at: f64, interactions: f64) {
        let event = self.view.finish_largest();
        self.report(event);
        self.so_far(at, interactions);
        self.view.hide(at);
        self.engagement.visible(at, false);
        self.repeat_errors(f64::MAX);
    }

    /// Records that the page is visible again.
    pub(crate) fn visible(&mut self, at: f64) {
        self.engagement.visible(at, true);
    }

    /// Records activity of the visitor.
    pub(crate) fn active(&mut self, at: f64) {
        self.engagement.active(at);
    }

    /// Reports the largest paint at the first click or key, because it cannot grow any more.
    pub(crate) fn input(&mut self) {
        let event = self.view.finish_largest();
        self.report(event);
    }

    /// Reports the time to first byte.
    pub(crate) fn first_byte(&mut self) {
        let event = self.view.first_byte();
        self.report(event);
    }

    /// Reports the first contentful paint.
    pub(crate) fn first_contentful_paint(&mut self, at: f64) {
        let event = self.view.first_contentful_paint(at);
        self.report(event);
    }

    /// Records a candidate for the largest contentful paint.
    pub(crate) fn largest_contentful_paint(
        &mut self,
        at: f64,
        target: &str,
        url: &str,
        load_start: f64,
        load_end: f64,
    ) {
        let url = cut(url, MAX_NAME_CHARS);
        let target = target.to_owned();
        self.view.largest_contentful_paint(Candidate { at, target, url, load_start, load_end });
    }

    /// Records a layout shift that did not follow an input.
    pub(crate) fn layout_shift(&mut self, at: f64, value: f64, target: &str) {
        self.view.layout_shift(at, value, target);
    }

    /// Records an event that was handled; `id` is 0 if it belongs to no interaction.
    pub(crate) fn event_timing(
        &mut self,
        id: f64,
        start: f64,
        duration: f64,
        processing_start: f64,
        processing_end: f64,
        target: &str,
    ) {
        let event = EventTiming { id, start, duration, processing_start, processing_end };
        self.view.event_timing(event, target);
    }

    /// Records a script of a long animation frame.
    pub(crate) fn script(&mut self, start: f64, duration: f64, name: &str) {
        let name = cut(name, MAX_NAME_CHARS);
        self.view.script(start, duration, &name);
    }

    /// Reports the delay of the first input.
    pub(crate) fn first_input(&mut self, at: f64, processing_start: f64) {
        let event = self.view.first_input(at, processing_start);
        self.report(event);
    }

    /// Adds a breadcrumb for later errors.
    pub(crate) fn crumb(&mut self, at: f64, kind: &str, text: &str) {
        self.errors.crumb(at, kind, text);
    }

    /// Records a request, with status 0 if there was no answer. Failed and slow requests are
    /// reported as errors.
    pub(crate) fn request(
        &mut self,
        at: f64,
        method: &str,
        address: &str,
        status: f64,
        duration: f64,
    ) {
        let mut text = String::with_capacity(64);
        text.push_str(method);
        text.push(' ');
        text.push_str(&address::endpoint(address, &self.origin));
        let has_failed = status == 0.0 || status >= 400.0;
        let mut crumb = text.clone();
        crumb.push(' ');
        phasegate_wire::encode::push_number(&mut crumb, status as u64);
        self.errors.crumb(at, "request", &crumb);
        if !has_failed && duration < SLOW {
            return;
        }
        if !has_failed {
            text.push_str(" is slow");
        } else if status > 0.0 {
            text.push_str(" answered ");
            phasegate_wire::encode::push_number(&mut text, status as u64);
        } else {
            text.push_str(" had no answer");
        }
        let severity = if has_failed { "" } else { "warning" };
        self.error(at, Problem { kind: "request", message: &text, severity, ..Problem::default() });
    }

    /// Records that the app acted on a flag's answer.
    pub(crate) fn exposure(&mut self, at: f64, flag: &str, variant: &str) {
        let event = self.event("exposure", at).text("flag", flag).text("variant", variant);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records the use of a feature. `props` is a JSON object, or empty.
    pub(crate) fn feature_used(&mut self, at: f64, flag: &str, props: &str) {
        let before = self.engagement.start(at, flag);
        self.engaged(at, before);
        let event = with(self.event("use", at).text("flag", flag), props);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records a custom event of the app. `props` is a JSON object, or empty.
    pub(crate) fn custom(&mut self, at: f64, name: &str, props: &str) {
        let name = cut(name, MAX_NAME_CHARS);
        let event = with(self.event("custom", at).text("name", &name), props);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records that a task was `started`, `completed` or `abandoned`, with the milliseconds since
    /// its start.
    pub(crate) fn task(&mut self, at: f64, name: &str, outcome: &str, duration: f64) {
        let event = self
            .event("task", at)
            .text("name", &cut(name, MAX_NAME_CHARS))
            .text("outcome", outcome)
            .number("value", millionths(duration));
        self.queue.push(Kind::Analytics, event);
    }

    /// Records a timing of kind `api` or `render`. The name may be an address.
    pub(crate) fn timing(&mut self, at: f64, kind: &str, name: &str, duration: f64, failed: bool) {
        let is_address = name.starts_with('/') || address::has(name, "://");
        let name = if is_address { address::endpoint(name, &self.origin) } else { name.to_owned() };
        let mut event = self
            .event("timing", at)
            .text("kind", kind)
            .text("name", &cut(&name, MAX_NAME_CHARS))
            .number("value", millionths(duration));
        if failed {
            event = event.raw("failed", "true");
        }
        self.queue.push(Kind::Performance, event);
    }

    /// Records feedback. Rating and score are negative if there are none.
    pub(crate) fn feedback(
        &mut self,
        at: f64,
        kind: &str,
        rating: f64,
        score: f64,
        message: &str,
        screenshot: &str,
    ) {
        let message = cut(message, phasegate_wire::MAX_MESSAGE_CHARS);
        let mut event = self
            .event("feedback", at)
            .text_if_any("kind", kind)
            .text("message", &message)
            .text_if_any("screenshot", screenshot);
        if rating >= 0.0 {
            event = event.number("rating", rating as u64);
        }
        if score >= 0.0 {
            event = event.number("score", score as u64);
        }
        self.queue.push(Kind::Feedback, event);
    }

    /// Counts events that were lost in delivery.
    pub(crate) fn lost(&mut self, events: f64) {
        self.queue.drop_events(events as u64);
    }

    /// Takes the next events to send; see [`Queue::batch`].
    pub(crate) fn batch(&mut self, now: f64) -> String {
        self.repeat_errors(now);
        self.queue.batch(self.wanted, now as u64)
    }

    /// Reports repetitions of known errors whose silence ends by `silent_until`.
    fn repeat_errors(&mut self, silent_until: f64) {
        while let Some((event, count)) = self.errors.missed(silent_until) {
            self.queue.push_keyed(Kind::Errors, event, String::new(), count);
        }
    }

    fn event(&self, kind: &str, at: f64) -> WireEvent {
        WireEvent::new(kind, at as u64).text("page", &self.page)
    }

    fn report(&mut self, event: Option<WireEvent>) {
        if let Some(event) = event {
            self.queue.push(Kind::Performance, event);
        }
    }

    fn so_far(&mut self, at: f64, interactions: f64) {
        self.view.so_far(interactions).into_iter().for_each(|event| self.report(event));
        let engaged = self.engagement.take(at);
        self.engaged(at, engaged);
    }

    fn engaged(&mut self, at: f64, time: Option<(String, f64)>) {
        if let Some((flag, time)) = time {
            let event =
                self.event("engaged", at).text("flag", &flag).number("value", millionths(time));
            self.queue.push(Kind::Analytics, event);
        }
    }

    pub(crate) fn error(&mut self, at: f64, problem: Problem<'_>) {
        if !self.wanted.has(Kind::Errors) {
            return;
        }
        let (event, key) = self.errors.event(at, &self.page, problem);
        if self.queue.repeats(&key) {
            return;
        }
        match self.errors.due(at, &key, event) {
            Ok(Some((event, count))) => {
                self.errors.crumb(at, "error", problem.message);
                self.queue.push_keyed(Kind::Errors, event, key, count);
            }
            Ok(None) => {}
            Err(()) => self.queue.drop_events(1),
        }
    }
}

fn with(event: WireEvent, props: &str) -> WireEvent {
    if props.is_empty() { event } else { event.raw("props", props) }
}

#[cfg(test)]
mod tests;
