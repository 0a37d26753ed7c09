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
use queue::{Kind, Queue, Wanted, truncate_chars};
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
        let page = truncate_chars(page, MAX_NAME_CHARS);
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
    pub(crate) fn set_wanted(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    /// Records a page view: a load, or a navigation within a single-page app.
    pub(crate) fn record_page_view(
        &mut self,
        at: f64,
        page: &str,
        navigation: &str,
        referrer: &str,
    ) {
        self.page = truncate_chars(page, MAX_NAME_CHARS);
        self.errors.add_crumb(at, "navigation", page);
        let event = self
            .new_event("view", at)
            .with_text_if_any("nav", navigation)
            .with_text_if_any("referrer", &truncate_chars(referrer, MAX_NAME_CHARS));
        self.queue.push(Kind::Analytics, event);
    }

    /// Begins a view within a loaded page, from the back/forward cache or by a soft navigation.
    /// Reports the previous view.
    pub(crate) fn begin_continued_view(&mut self, at: f64, navigation: &str, interactions: f64) {
        self.report_so_far(at, interactions);
        let event = self.view.finish_largest();
        self.queue_vital(event);
        self.view = View::continued(navigation, &self.page, at, interactions);
    }

    /// Records the paint of a view from the back/forward cache, in milliseconds after the return.
    pub(crate) fn report_restored_paint(&mut self, value: f64) {
        self.view
            .report_restored_paint(value)
            .into_iter()
            .for_each(|event| self.queue_vital(event));
    }

    /// Records the paint of a soft navigation, in milliseconds after it began.
    pub(crate) fn report_soft_paint(&mut self, value: f64) {
        self.view.report_soft_paint(value).into_iter().for_each(|event| self.queue_vital(event));
    }

    /// Suppresses the vitals of this view, because the loader has reported them already.
    pub(crate) fn mute_view(&mut self) {
        self.view.mute_reports();
    }

    /// Records that the page was hidden at a time, possibly in the past: later paints do not count.
    pub(crate) fn record_earlier_hiding(&mut self, at: f64) {
        self.view.record_hidden(at);
    }

    /// Records that the page is hidden, and reports everything, because it may never be visible
    /// again.
    pub(crate) fn record_hidden(&mut self, at: f64, interactions: f64) {
        let event = self.view.finish_largest();
        self.queue_vital(event);
        self.report_so_far(at, interactions);
        self.view.record_hidden(at);
        self.engagement.set_visible(at, false);
        self.repeat_errors(f64::MAX);
    }

    /// Records that the page is visible again.
    pub(crate) fn record_visible(&mut self, at: f64) {
        self.engagement.set_visible(at, true);
    }

    /// Records activity of the visitor.
    pub(crate) fn record_activity(&mut self, at: f64) {
        self.engagement.record_activity(at);
    }

    /// Reports the largest paint at the first click or key, because it cannot grow any more.
    pub(crate) fn finish_largest_paint(&mut self) {
        let event = self.view.finish_largest();
        self.queue_vital(event);
    }

    /// Reports the time to first byte.
    pub(crate) fn report_first_byte(&mut self) {
        let event = self.view.report_first_byte();
        self.queue_vital(event);
    }

    /// Reports the first contentful paint.
    pub(crate) fn report_first_paint(&mut self, at: f64) {
        let event = self.view.report_first_paint(at);
        self.queue_vital(event);
    }

    /// Records a candidate for the largest contentful paint.
    pub(crate) fn add_paint_candidate(
        &mut self,
        at: f64,
        target: &str,
        url: &str,
        load_start: f64,
        load_end: f64,
    ) {
        let url = truncate_chars(url, MAX_NAME_CHARS);
        let target = target.to_owned();
        self.view.add_paint_candidate(Candidate { at, target, url, load_start, load_end });
    }

    /// Records a layout shift that did not follow an input.
    pub(crate) fn add_layout_shift(&mut self, at: f64, value: f64, target: &str) {
        self.view.add_layout_shift(at, value, target);
    }

    /// Records an event that was handled; `id` is 0 if it belongs to no interaction.
    pub(crate) fn add_event_timing(
        &mut self,
        id: f64,
        start: f64,
        duration: f64,
        processing_start: f64,
        processing_end: f64,
        target: &str,
    ) {
        let event = EventTiming { id, start, duration, processing_start, processing_end };
        self.view.add_event_timing(event, target);
    }

    /// Records a script of a long animation frame.
    pub(crate) fn add_script(&mut self, start: f64, duration: f64, name: &str) {
        let name = truncate_chars(name, MAX_NAME_CHARS);
        self.view.add_script(start, duration, &name);
    }

    /// Reports the delay of the first input.
    pub(crate) fn report_first_input(&mut self, at: f64, processing_start: f64) {
        let event = self.view.report_first_input(at, processing_start);
        self.queue_vital(event);
    }

    /// Adds a breadcrumb for later errors.
    pub(crate) fn add_crumb(&mut self, at: f64, kind: &str, text: &str) {
        self.errors.add_crumb(at, kind, text);
    }

    /// Records a request, with status 0 if there was no answer. Failed and slow requests are
    /// reported as errors.
    pub(crate) fn record_request(
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
        text.push_str(&address::extract_endpoint(address, &self.origin));
        let has_failed = status == 0.0 || status >= 400.0;
        let mut crumb = text.clone();
        crumb.push(' ');
        phasegate_wire::encode::push_number(&mut crumb, status as u64);
        self.errors.add_crumb(at, "request", &crumb);
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
        self.record_error(
            at,
            Problem { kind: "request", message: &text, severity, ..Problem::default() },
        );
    }

    /// Records that the app acted on a flag's answer.
    pub(crate) fn record_exposure(&mut self, at: f64, flag: &str, variant: &str) {
        let event =
            self.new_event("exposure", at).with_text("flag", flag).with_text("variant", variant);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records the use of a feature. `props` is a JSON object, or empty.
    pub(crate) fn record_use(&mut self, at: f64, flag: &str, props: &str) {
        let before = self.engagement.start_feature(at, flag);
        self.report_engagement(at, before);
        let event = with_properties(self.new_event("use", at).with_text("flag", flag), props);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records a custom event of the app. `props` is a JSON object, or empty.
    pub(crate) fn record_custom_event(&mut self, at: f64, name: &str, props: &str) {
        let name = truncate_chars(name, MAX_NAME_CHARS);
        let event = with_properties(self.new_event("custom", at).with_text("name", &name), props);
        self.queue.push(Kind::Analytics, event);
    }

    /// Records that a task was `started`, `completed` or `abandoned`, with the milliseconds since
    /// its start.
    pub(crate) fn record_task(&mut self, at: f64, name: &str, outcome: &str, duration: f64) {
        let event = self
            .new_event("task", at)
            .with_text("name", &truncate_chars(name, MAX_NAME_CHARS))
            .with_text("outcome", outcome)
            .with_number("value", millionths(duration));
        self.queue.push(Kind::Analytics, event);
    }

    /// Records a timing of kind `api` or `render`. The name may be an address.
    pub(crate) fn record_timing(
        &mut self,
        at: f64,
        kind: &str,
        name: &str,
        duration: f64,
        failed: bool,
    ) {
        let is_address = name.starts_with('/') || address::contains_text(name, "://");
        let name = if is_address {
            address::extract_endpoint(name, &self.origin)
        } else {
            name.to_owned()
        };
        let mut event = self
            .new_event("timing", at)
            .with_text("kind", kind)
            .with_text("name", &truncate_chars(&name, MAX_NAME_CHARS))
            .with_number("value", millionths(duration));
        if failed {
            event = event.with_json("failed", "true");
        }
        self.queue.push(Kind::Performance, event);
    }

    /// Records feedback. Rating and score are negative if there are none.
    pub(crate) fn record_feedback(
        &mut self,
        at: f64,
        kind: &str,
        rating: f64,
        score: f64,
        message: &str,
        screenshot: &str,
    ) {
        let message = truncate_chars(message, phasegate_wire::MAX_MESSAGE_CHARS);
        let mut event = self
            .new_event("feedback", at)
            .with_text_if_any("kind", kind)
            .with_text("message", &message)
            .with_text_if_any("screenshot", screenshot);
        if rating >= 0.0 {
            event = event.with_number("rating", rating as u64);
        }
        if score >= 0.0 {
            event = event.with_number("score", score as u64);
        }
        self.queue.push(Kind::Feedback, event);
    }

    /// Counts events that were lost in delivery.
    pub(crate) fn count_lost_events(&mut self, events: f64) {
        self.queue.count_dropped_events(events as u64);
    }

    /// Takes the next events to send; see [`Queue::take_batch`].
    pub(crate) fn take_batch(&mut self, now: f64) -> String {
        self.repeat_errors(now);
        self.queue.take_batch(self.wanted, now as u64)
    }

    /// Reports repetitions of known errors whose silence ends by `silent_until`.
    fn repeat_errors(&mut self, silent_until: f64) {
        while let Some((event, count)) = self.errors.take_missed(silent_until) {
            self.queue.push_keyed(Kind::Errors, event, String::new(), count);
        }
    }

    fn new_event(&self, kind: &str, at: f64) -> WireEvent {
        WireEvent::new(kind, at as u64).with_text("page", &self.page)
    }

    fn queue_vital(&mut self, event: Option<WireEvent>) {
        if let Some(event) = event {
            self.queue.push(Kind::Performance, event);
        }
    }

    fn report_so_far(&mut self, at: f64, interactions: f64) {
        self.view.report_so_far(interactions).into_iter().for_each(|event| self.queue_vital(event));
        let engaged = self.engagement.take_engagement(at);
        self.report_engagement(at, engaged);
    }

    fn report_engagement(&mut self, at: f64, time: Option<(String, f64)>) {
        if let Some((flag, time)) = time {
            let event = self
                .new_event("engaged", at)
                .with_text("flag", &flag)
                .with_number("value", millionths(time));
            self.queue.push(Kind::Analytics, event);
        }
    }

    pub(crate) fn record_error(&mut self, at: f64, problem: Problem<'_>) {
        if !self.wanted.includes_kind(Kind::Errors) {
            return;
        }
        let (event, key) = self.errors.build_event(at, &self.page, problem);
        if self.queue.count_repetition(&key) {
            return;
        }
        match self.errors.report_if_due(at, &key, event) {
            Ok(Some((event, count))) => {
                self.errors.add_crumb(at, "error", problem.message);
                self.queue.push_keyed(Kind::Errors, event, key, count);
            }
            Ok(None) => {}
            Err(()) => self.queue.count_dropped_events(1),
        }
    }
}

fn with_properties(event: WireEvent, props: &str) -> WireEvent {
    if props.is_empty() { event } else { event.with_json("props", props) }
}

#[cfg(test)]
mod tests;
