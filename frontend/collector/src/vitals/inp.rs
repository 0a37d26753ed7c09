//! Interaction to Next Paint: the 98th percentile of all interactions, from the ten longest.

/// Interactions that are remembered.
const REMEMBERED: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Interactions {
    /// Id and latency, longest first.
    longest: Vec<(f64, f64)>,
    /// All interactions of the page, also those too short to be reported to us.
    count: f64,
}

impl Interactions {
    /// Notes an event's duration. Events of one interaction count by their longest.
    pub(crate) fn add(&mut self, duration: f64, id: f64, count: f64) {
        if id <= 0.0 {
            return;
        }
        self.count = self.count.max(count);
        match self.longest.iter_mut().find(|(known, _)| *known == id) {
            Some((_, latency)) => *latency = latency.max(duration),
            None => self.longest.push((id, duration)),
        }
        self.longest.sort_by(|a, b| b.1.total_cmp(&a.1));
        self.longest.truncate(REMEMBERED);
    }

    /// One interaction in fifty is left out as an outlier.
    pub(crate) fn latency(&self) -> Option<f64> {
        let last = self.longest.len().checked_sub(1)?;
        let index = last.min((self.count / 50.0) as usize);
        self.longest.get(index).map(|(_, latency)| *latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_interactions_has_no_latency() {
        let mut interactions = Interactions::default();
        interactions.add(500.0, 0.0, 0.0);
        assert_eq!(interactions.latency(), None);
    }

    #[test]
    fn events_of_one_interaction_count_once() {
        let mut interactions = Interactions::default();
        interactions.add(80.0, 7.0, 1.0);
        interactions.add(200.0, 7.0, 1.0);
        interactions.add(120.0, 14.0, 2.0);
        assert_eq!(interactions.latency(), Some(200.0));
    }

    #[test]
    fn one_outlier_in_fifty_is_left_out() {
        let mut interactions = Interactions::default();
        for id in 1..=60_u32 {
            let duration = if id == 5 { 900.0 } else { 100.0 + f64::from(id) };
            interactions.add(duration, f64::from(id), f64::from(id));
        }
        assert_eq!(interactions.latency(), Some(160.0));
    }
}
