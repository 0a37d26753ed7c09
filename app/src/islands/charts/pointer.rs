//! What is under the pointer or the arrow keys of a chart, and what it is zoomed to.

use leptos::prelude::*;

use crate::charts::{ChartSpec, EDGES};

/// The signals of a chart.
#[derive(Clone, Copy)]
pub(super) struct ChartState {
    pub(super) spec: Signal<ChartSpec>,
    /// Width and height of its place in pixels.
    pub(super) size: RwSignal<(u32, u32)>,
    /// The visible range, if zoomed.
    pub(super) zoom: RwSignal<Option<(i64, i64)>>,
    /// The time bucket that is read.
    pub(super) chosen: RwSignal<Option<i64>>,
    /// Where a drag began and where it is, as time buckets.
    pub(super) drag: RwSignal<Option<(i64, i64)>>,
}

impl ChartState {
    pub(super) fn new(spec: Signal<ChartSpec>) -> Self {
        let size = spec.read_untracked().size;
        Self {
            spec,
            size: RwSignal::new(size),
            zoom: RwSignal::new(None),
            chosen: RwSignal::new(None),
            drag: RwSignal::new(None),
        }
    }

    /// The visible range of time buckets.
    pub(super) fn range(self) -> (i64, i64) {
        self.zoom.get().unwrap_or_else(|| self.spec.read().range)
    }

    /// The horizontal place of the middle of a time bucket, in pixels.
    pub(super) fn place_of(self, bucket: f64) -> f64 {
        let (from, end) = self.range();
        let (left, right, ..) = EDGES;
        let width = f64::from(self.size.get().0) - left - right;
        left + (bucket - from as f64) / (end - from).max(1) as f64 * width
    }

    /// The time bucket at a horizontal place, as a fraction of the chart's width.
    pub(super) fn bucket_at(self, fraction: f64) -> i64 {
        let (from, end) = self.range();
        let (left, right, ..) = EDGES;
        let all = f64::from(self.size.get_untracked().0);
        let inside = (fraction * all - left) / (all - left - right).max(1.0);
        let bucket = from as f64 + inside * (end - from) as f64;
        (bucket.floor() as i64).clamp(from, end - 1)
    }

    /// Moves what is read to the next time bucket with a value, in a direction.
    pub(super) fn step(self, forward: bool) {
        let (from, end) = self.range();
        let spec = self.spec.read();
        let seen =
            || spec.points.iter().map(|point| point.minute).filter(|at| (from..end).contains(at));
        let next = match self.chosen.get_untracked() {
            None if forward => seen().next(),
            None => seen().next_back(),
            Some(at) if forward => seen().find(|next| *next > at).or(Some(at)),
            Some(at) => seen().rev().find(|next| *next < at).or(Some(at)),
        };
        self.chosen.set(next);
    }

    /// Ends a drag: zooms to what it covers, unless it was only a press.
    pub(super) fn end_drag(self) {
        let Some((one, other)) = self.drag.get_untracked() else { return };
        self.drag.set(None);
        let (from, last) = (one.min(other), one.max(other));
        if last - from >= 2 {
            self.zoom.set(Some((from, last + 1)));
            self.chosen.set(None);
        }
    }

    /// Handles a key. Returns whether it was one of the chart's.
    pub(super) fn press(self, key: &str) -> bool {
        match key {
            "ArrowRight" => self.step(true),
            "ArrowLeft" => self.step(false),
            "Escape" if self.zoom.get_untracked().is_some() => self.zoom.set(None),
            "Escape" => self.chosen.set(None),
            _ => return false,
        }
        true
    }
}
