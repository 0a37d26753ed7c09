//! Web vitals as the `web-vitals` library defines them, for a page view that is not restored
//! from the back/forward cache.

mod inp;
mod shifts;

use inp::Interactions;
use shifts::Shifts;

/// Milliseconds as whole millionths of a second; what is no time counts as none.
pub(crate) fn millionths(milliseconds: f64) -> u64 {
    // The cast saturates: a negative time or NaN becomes 0.
    (milliseconds * 1_000.0 + 0.5) as u64
}

/// A page view's vitals so far.
#[derive(Debug)]
pub(crate) struct Vitals {
    activation: f64,
    /// When the page was first hidden; what is painted later does not count.
    first_hidden: f64,
    has_painted: bool,
    largest: Option<f64>,
    is_lcp_final: bool,
    has_first_input: bool,
    shifts: Shifts,
    is_cls_final: bool,
    interactions: Interactions,
    is_inp_final: bool,
}

impl Vitals {
    pub(crate) fn new(activation: f64) -> Self {
        Self {
            activation,
            first_hidden: f64::INFINITY,
            has_painted: false,
            largest: None,
            is_lcp_final: false,
            has_first_input: false,
            shifts: Shifts::default(),
            is_cls_final: false,
            interactions: Interactions::default(),
            is_inp_final: false,
        }
    }

    pub(crate) fn hide(&mut self, at: f64) {
        self.first_hidden = self.first_hidden.min(at);
    }

    /// A time as the user felt it: a prerendered page begins when it is shown.
    pub(crate) fn since_activation(&self, at: f64) -> u64 {
        millionths(at - self.activation)
    }

    pub(crate) fn first_contentful_paint(&mut self, at: f64) -> Option<u64> {
        if self.has_painted || at >= self.first_hidden {
            return None;
        }
        self.has_painted = true;
        Some(self.since_activation(at))
    }

    pub(crate) fn largest_contentful_paint(&mut self, at: f64) {
        if !self.is_lcp_final && at < self.first_hidden {
            self.largest = Some(at);
        }
    }

    pub(crate) fn take_lcp(&mut self) -> Option<u64> {
        if self.is_lcp_final {
            return None;
        }
        let value = self.since_activation(self.largest?);
        self.is_lcp_final = true;
        Some(value)
    }

    pub(crate) fn layout_shift(&mut self, at: f64, value: f64, had_recent_input: bool) {
        if !had_recent_input {
            self.shifts.add(at, value);
        }
    }

    /// A page that never painted has no shifts to speak of.
    pub(crate) fn take_cls(&mut self) -> Option<u64> {
        if self.is_cls_final || !self.has_painted {
            return None;
        }
        self.is_cls_final = true;
        Some((self.shifts.worst() * 1_000_000.0 + 0.5) as u64)
    }

    pub(crate) fn event_timing(&mut self, duration: f64, interaction: f64) {
        self.interactions.add(duration, interaction);
    }

    pub(crate) fn take_inp(&mut self, count: f64) -> Option<u64> {
        if self.is_inp_final {
            return None;
        }
        let value = millionths(self.interactions.latency(count)?);
        self.is_inp_final = true;
        Some(value)
    }

    pub(crate) fn first_input(&mut self, at: f64, processing_start: f64) -> Option<u64> {
        if self.has_first_input || at >= self.first_hidden {
            return None;
        }
        self.has_first_input = true;
        Some(millionths(processing_start - at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_paint_is_final_once() {
        let mut vitals = Vitals::new(100.0);
        assert_eq!(vitals.take_lcp(), None);
        vitals.largest_contentful_paint(500.0);
        vitals.largest_contentful_paint(1_340.25);
        assert_eq!(vitals.take_lcp(), Some(1_240_250));
        vitals.largest_contentful_paint(2_000.0);
        assert_eq!(vitals.take_lcp(), None);
    }

    #[test]
    fn what_is_painted_while_hidden_does_not_count() {
        let mut vitals = Vitals::new(0.0);
        vitals.hide(50.0);
        vitals.largest_contentful_paint(60.0);
        assert_eq!(vitals.take_lcp(), None);
        assert_eq!(vitals.first_contentful_paint(60.0), None);
        assert_eq!(vitals.take_cls(), None);
    }

    #[test]
    fn a_page_that_painted_reports_its_shifts_once() {
        let mut vitals = Vitals::new(0.0);
        assert_eq!(vitals.first_contentful_paint(10.0), Some(10_000));
        assert_eq!(vitals.first_contentful_paint(11.0), None);
        vitals.layout_shift(20.0, 0.05, false);
        vitals.layout_shift(30.0, 0.5, true);
        assert_eq!(vitals.take_cls(), Some(50_000));
        assert_eq!(vitals.take_cls(), None);
    }

    #[test]
    fn the_first_input_waits_until_it_is_handled() {
        let mut vitals = Vitals::new(0.0);
        assert_eq!(vitals.first_input(100.0, 112.5), Some(12_500));
        assert_eq!(vitals.first_input(200.0, 300.0), None);
    }
}
