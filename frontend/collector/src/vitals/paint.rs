//! Largest Contentful Paint: the last candidate, with the parts of its time.

/// A candidate for the largest paint; times in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Candidate {
    pub(crate) at: f64,
    pub(crate) target: String,
    pub(crate) url: String,
    /// Start and end of loading its resource; 0 if it has none.
    pub(crate) load_start: f64,
    pub(crate) load_end: f64,
}

impl Candidate {
    /// Returns time to first byte, resource load delay, resource load duration and render delay as
    /// `web-vitals` computes them. Their sum is the value.
    pub(crate) fn split_time(&self, value: f64, activation: f64, response_start: f64) -> [f64; 4] {
        let first_byte = (response_start - activation).max(0.0);
        let since = |at: f64| if at > 0.0 { at - activation } else { 0.0 };
        let asked = first_byte.max(since(self.load_start));
        let loaded = asked.max(since(self.load_end)).min(value);
        [first_byte, asked - first_byte, loaded - asked, value - loaded]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_to_the_value() {
        let image =
            Candidate { at: 900.0, load_start: 300.0, load_end: 700.0, ..Default::default() };
        assert_eq!(image.split_time(900.0, 0.0, 100.0), [100.0, 200.0, 400.0, 200.0]);
        let text = Candidate { at: 900.0, ..Default::default() };
        assert_eq!(text.split_time(900.0, 0.0, 100.0), [100.0, 0.0, 0.0, 800.0]);
        assert_eq!(
            image.split_time(700.0, 200.0, 100.0),
            [0.0, 100.0, 400.0, 200.0],
            "prerendered"
        );
        let video = Candidate { load_end: 5_000.0, ..image };
        assert_eq!(video.split_time(900.0, 0.0, 100.0), [100.0, 200.0, 600.0, 0.0]);
    }
}
