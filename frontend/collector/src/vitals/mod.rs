//! Web vitals as the `web-vitals` library (6.2) defines them, for one page view: a load, a return
//! from the back/forward cache, or a soft navigation.

mod inp;
mod paint;
mod shifts;

pub(crate) use inp::EventTiming;
use inp::Interactions;
pub(crate) use paint::Candidate;
use phasegate_wire::encode::WireEvent;
use shifts::Shifts;

/// Converts milliseconds to whole millionths of a second, at most a day.
pub(crate) fn millionths(milliseconds: f64) -> u64 {
    // The cast saturates: a negative time or NaN becomes 0.
    ((milliseconds * 1_000.0 + 0.5) as u64).min(phasegate_wire::MAX_VALUE)
}

/// A web vital; indexes `NAMES` and the reported values.
#[derive(Debug, Clone, Copy)]
enum Name {
    Lcp,
    Inp,
    Cls,
    Fcp,
    Ttfb,
    Fid,
}

const NAMES: [&str; 6] = ["LCP", "INP", "CLS", "FCP", "TTFB", "FID"];

/// A page view's vitals so far. Times are milliseconds since the page was loaded.
#[derive(Debug)]
pub(crate) struct View {
    /// The type of the navigation: `navigate`, `reload`, `back-forward-cache`, …
    navigation: String,
    page: String,
    /// Start of the view; all its events have this time.
    began: f64,
    /// The origin of the view's times: when a prerendered page was shown, when a view within a page
    /// began, or 0.
    activation: f64,
    response_start: f64,
    /// Time at which the page was first hidden; later paints do not count.
    first_hidden: f64,
    has_painted: bool,
    largest: Option<Candidate>,
    is_largest_final: bool,
    has_first_input: bool,
    shifts: Shifts,
    interactions: Interactions,
    /// Interactions that the browser had counted before this view.
    counted_before: f64,
    reported: [Option<u64>; 6],
    is_muted: bool,
}

impl View {
    pub(crate) fn new(navigation: &str, page: &str, began: f64) -> Self {
        Self {
            navigation: navigation.to_owned(),
            page: page.to_owned(),
            began,
            activation: 0.0,
            response_start: 0.0,
            first_hidden: f64::INFINITY,
            has_painted: false,
            largest: None,
            is_largest_final: false,
            has_first_input: false,
            shifts: Shifts::default(),
            interactions: Interactions::default(),
            counted_before: 0.0,
            reported: [None; 6],
            is_muted: false,
        }
    }

    /// Creates the view of a load, possibly a prerendered one.
    pub(crate) fn loaded(navigation: &str, page: &str, activation: f64, response: f64) -> Self {
        Self { activation, response_start: response, ..Self::new(navigation, page, activation) }
    }

    /// Creates a view within a loaded page, with its own counts and times.
    pub(crate) fn continued(navigation: &str, page: &str, began: f64, interactions: f64) -> Self {
        let counted_before = interactions;
        Self { counted_before, activation: began, ..Self::new(navigation, page, began) }
    }

    /// Suppresses all further reports of this view.
    pub(crate) fn mute_reports(&mut self) {
        self.is_muted = true;
    }

    pub(crate) fn record_hidden(&mut self, at: f64) {
        self.first_hidden = self.first_hidden.min(at);
    }

    fn since_activation(&self, at: f64) -> f64 {
        (at - self.activation).max(0.0)
    }

    /// Returns the vital as an event, unless the same value was reported before. Another value
    /// names the one that it replaces.
    fn report_vital(&mut self, name: Name, value: u64) -> Option<WireEvent> {
        let reported = self.reported.get_mut(name as usize)?;
        let was = reported.replace(value);
        if was == Some(value) || self.is_muted {
            return None;
        }
        let mut event = WireEvent::new("vital", self.began as u64)
            .with_text("page", &self.page)
            .with_text("name", NAMES.get(name as usize)?)
            .with_number("value", value)
            .with_text("nav", &self.navigation);
        if let Some(was) = was {
            event = event.with_number("was", was);
        }
        Some(event)
    }

    pub(crate) fn report_first_byte(&mut self) -> Option<WireEvent> {
        let value = self.since_activation(self.response_start);
        self.report_vital(Name::Ttfb, millionths(value))
    }

    pub(crate) fn report_first_paint(&mut self, at: f64) -> Option<WireEvent> {
        if self.has_painted || at >= self.first_hidden {
            return None;
        }
        self.has_painted = true;
        let value = self.since_activation(at);
        self.report_vital(Name::Fcp, millionths(value))
    }

    pub(crate) fn add_paint_candidate(&mut self, candidate: Candidate) {
        if !self.is_largest_final && candidate.at < self.first_hidden {
            self.largest = Some(candidate);
        }
    }

    /// Returns the largest paint as an event. The visitor has interacted or left, so it cannot grow
    /// any more.
    pub(crate) fn finish_largest(&mut self) -> Option<WireEvent> {
        if self.is_largest_final {
            return None;
        }
        self.is_largest_final = true;
        let candidate = self.largest.take()?;
        let value = self.since_activation(candidate.at);
        let parts = candidate.split_time(value, self.activation, self.response_start);
        let event = self.report_vital(Name::Lcp, millionths(value))?;
        Some(
            event
                .with_text_if_any("target", &candidate.target)
                .with_text_if_any("url", &candidate.url)
                .with_numbers("parts", parts.map(millionths)),
        )
    }

    pub(crate) fn add_layout_shift(&mut self, at: f64, value: f64, target: &str) {
        self.shifts.add_shift(at, value, target);
    }

    pub(crate) fn add_event_timing(&mut self, event: EventTiming, target: &str) {
        self.interactions.add_event(event, target);
    }

    pub(crate) fn add_script(&mut self, start: f64, duration: f64, name: &str) {
        self.interactions.add_script(start, duration, name);
    }

    pub(crate) fn report_first_input(
        &mut self,
        at: f64,
        processing_start: f64,
    ) -> Option<WireEvent> {
        if self.has_first_input || at >= self.first_hidden {
            return None;
        }
        self.has_first_input = true;
        self.report_vital(Name::Fid, millionths(processing_start - at))
    }

    /// Reports the paint of a view from the back/forward cache, in milliseconds after the return.
    pub(crate) fn report_restored_paint(&mut self, value: f64) -> [Option<WireEvent>; 4] {
        self.has_painted = true;
        self.is_largest_final = true;
        let value = millionths(value);
        [
            self.report_vital(Name::Fcp, value),
            self.report_vital(Name::Lcp, value),
            self.report_vital(Name::Ttfb, 0),
            self.report_vital(Name::Cls, 0),
        ]
    }

    /// Reports the paint of a soft navigation, in milliseconds after it began.
    pub(crate) fn report_soft_paint(&mut self, painted: f64) -> [Option<WireEvent>; 2] {
        self.has_painted = true;
        [self.report_vital(Name::Ttfb, 0), self.report_vital(Name::Fcp, millionths(painted))]
    }

    /// Reports shifts and interactions so far. Shifts of a page that never painted are not
    /// reported. `interactions` is the browser's count, or 0 if it does not count.
    pub(crate) fn report_so_far(&mut self, interactions: f64) -> [Option<WireEvent>; 2] {
        let shifts = (self.shifts.worst() * 1_000_000.0 + 0.5) as u64;
        let moved = self.has_painted.then(|| self.report_vital(Name::Cls, shifts)).flatten();
        let moved = moved.map(|event| event.with_text_if_any("target", self.shifts.target()));
        [moved, self.report_slowest_interaction(interactions)]
    }

    fn report_slowest_interaction(&mut self, interactions: f64) -> Option<WireEvent> {
        let count = (interactions - self.counted_before).max(0.0);
        let Some(latency) = self.interactions.page_latency(count) else {
            // The interactions were too short to be listed. In a load, at least the first input is.
            let is_continued =
                self.navigation == "back-forward-cache" || self.navigation == "soft-navigation";
            return if is_continued && count > 0.0 {
                self.report_vital(Name::Inp, 8_000)
            } else {
                None
            };
        };
        let value = millionths(latency.value);
        let parts = latency.parts.map(millionths);
        let (target, script) = (latency.target.to_owned(), latency.script.to_owned());
        let event = self.report_vital(Name::Inp, value)?.with_text_if_any("target", &target);
        Some(event.with_text_if_any("script", &script).with_numbers("parts", parts))
    }
}

#[cfg(test)]
mod tests;
