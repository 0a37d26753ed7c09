//! Cumulative Layout Shift: the worst session window.
//!
//! Shifts less than 1 s apart, and less than 5 s in all, are one window.

#[derive(Debug, Default)]
pub(crate) struct Shifts {
    window: f64,
    first: f64,
    last: f64,
    /// The largest shift of the current window, and its element.
    largest: (f64, String),
    worst: f64,
    /// The element of the largest shift in the worst window.
    target: String,
}

impl Shifts {
    pub(crate) fn add_shift(&mut self, at: f64, value: f64, target: &str) {
        let continues = self.window > 0.0 && at - self.last < 1_000.0 && at - self.first < 5_000.0;
        if continues {
            self.window += value;
        } else {
            self.window = value;
            self.first = at;
            self.largest.0 = -1.0;
        }
        if value > self.largest.0 {
            self.largest = (value, target.to_owned());
        }
        self.last = at;
        if self.window > self.worst {
            self.worst = self.window;
            self.target.clear();
            self.target.push_str(&self.largest.1);
        }
    }

    pub(crate) fn worst(&self) -> f64 {
        self.worst
    }

    /// The element of the largest shift in the worst window.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect_shifts(shifts: &[(f64, f64)]) -> Shifts {
        let mut all = Shifts::default();
        for (at, value) in shifts {
            all.add_shift(*at, *value, &at.to_string());
        }
        all
    }

    #[test]
    fn shifts_close_together_add_up() {
        assert_eq!(collect_shifts(&[]).worst(), 0.0);
        assert_eq!(collect_shifts(&[(0.0, 0.25), (999.0, 0.25)]).worst(), 0.5);
        assert_eq!(collect_shifts(&[(0.0, 0.25), (1_000.0, 0.125)]).worst(), 0.25);
    }

    #[test]
    fn a_window_lasts_five_seconds_at_most() {
        let every_900_ms: Vec<_> = (0..8).map(|n| (f64::from(n) * 900.0, 0.125)).collect();
        // 0 … 4,500 ms are six shifts; the one at 5,400 ms begins a new window.
        assert_eq!(collect_shifts(&every_900_ms).worst(), 0.75);
    }

    #[test]
    fn the_largest_shift_of_the_worst_window_is_named() {
        let shifts = collect_shifts(&[(0.0, 0.1), (100.0, 0.2), (5_000.0, 0.05)]);
        assert_eq!((shifts.target(), shifts.worst()), ("100", 0.1 + 0.2));
    }
}
