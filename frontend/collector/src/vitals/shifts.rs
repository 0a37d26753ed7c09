//! Cumulative Layout Shift: the worst session window.
//!
//! Shifts less than 1 s apart, and less than 5 s in all, are one window.

#[derive(Debug, Default)]
pub(crate) struct Shifts {
    window: f64,
    first: f64,
    last: f64,
    worst: f64,
}

impl Shifts {
    pub(crate) fn add(&mut self, at: f64, value: f64) {
        let continues = self.window > 0.0 && at - self.last < 1_000.0 && at - self.first < 5_000.0;
        if continues {
            self.window += value;
        } else {
            self.window = value;
            self.first = at;
        }
        self.last = at;
        self.worst = self.worst.max(self.window);
    }

    pub(crate) fn worst(&self) -> f64 {
        self.worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(shifts: &[(f64, f64)]) -> f64 {
        let mut all = Shifts::default();
        shifts.iter().for_each(|(at, value)| all.add(*at, *value));
        all.worst()
    }

    #[test]
    fn shifts_close_together_add_up() {
        assert_eq!(worst(&[]), 0.0);
        assert_eq!(worst(&[(0.0, 0.25), (999.0, 0.25)]), 0.5);
        assert_eq!(worst(&[(0.0, 0.25), (1_000.0, 0.125)]), 0.25);
    }

    #[test]
    fn a_window_lasts_five_seconds_at_most() {
        let every_900_ms: Vec<_> = (0..8).map(|n| (f64::from(n) * 900.0, 0.125)).collect();
        // 0 … 4,500 ms are six shifts; the one at 5,400 begins anew.
        assert_eq!(worst(&every_900_ms), 0.75);
    }
}
