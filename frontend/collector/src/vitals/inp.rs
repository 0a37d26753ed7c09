//! Interaction to Next Paint: the 98th percentile of all interactions, from the ten longest.

/// Interactions that are remembered.
const REMEMBERED: usize = 10;

/// Browsers number interactions in steps of seven.
const ID_STEP: f64 = 7.0;

#[derive(Debug, Default)]
pub(crate) struct Interactions {
    /// Id and latency, longest first.
    longest: Vec<(f64, f64)>,
    /// The first and the last id that was seen.
    ids: Option<(f64, f64)>,
}

impl Interactions {
    /// Notes an event's duration. Events of one interaction count by their longest.
    pub(crate) fn add(&mut self, duration: f64, id: f64) {
        if id <= 0.0 {
            return;
        }
        let (first, last) = self.ids.unwrap_or((id, id));
        self.ids = Some((first.min(id), last.max(id)));
        match self.longest.iter_mut().find(|(known, _)| *known == id) {
            Some((_, latency)) => *latency = latency.max(duration),
            None => self.longest.push((id, duration)),
        }
        self.longest.sort_by(|a, b| b.1.total_cmp(&a.1));
        self.longest.truncate(REMEMBERED);
    }

    /// One interaction in fifty is left out as an outlier. `count` is the browser's own count
    /// of all interactions, also those too short to be reported; 0 where it does not count, and
    /// then it is estimated from the ids.
    pub(crate) fn latency(&self, count: f64) -> Option<f64> {
        let (first, last) = self.ids?;
        let count = count.max((last - first) / ID_STEP + 1.0);
        let index = self.longest.len().checked_sub(1)?.min((count / 50.0) as usize);
        self.longest.get(index).map(|(_, latency)| *latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_interactions_has_no_latency() {
        let mut interactions = Interactions::default();
        interactions.add(500.0, 0.0);
        assert_eq!(interactions.latency(100.0), None);
    }

    #[test]
    fn events_of_one_interaction_count_once() {
        let mut interactions = Interactions::default();
        interactions.add(80.0, 7.0);
        interactions.add(200.0, 7.0);
        interactions.add(120.0, 14.0);
        assert_eq!(interactions.latency(0.0), Some(200.0));
    }

    #[test]
    fn one_outlier_in_fifty_is_left_out() {
        let mut interactions = Interactions::default();
        for n in 1..=60_u32 {
            let duration = if n == 5 { 900.0 } else { 100.0 + f64::from(n) };
            interactions.add(duration, f64::from(n) * 7.0);
        }
        assert_eq!(interactions.latency(0.0), Some(160.0), "estimated from the ids");
        assert_eq!(interactions.latency(100.0), Some(159.0), "as the browser counts");
    }
}
