//! Engagement: the time in which a feature is in use, from its use to the use of another one, while
//! the page is visible and the visitor is active.

/// Milliseconds without activity after which the visitor counts as absent.
const PATIENCE: f64 = 60_000.0;

#[derive(Debug, Default)]
pub(crate) struct Engagement {
    feature: String,
    /// Time up to which engagement is counted.
    counted: f64,
    /// Time of the visitor's last activity.
    active: f64,
    is_hidden: bool,
    /// Engaged milliseconds that are not reported yet.
    time: f64,
}

impl Engagement {
    fn count_until(&mut self, at: f64) {
        let until = at.min(self.active + PATIENCE);
        if !self.is_hidden && until > self.counted {
            self.time += until - self.counted;
        }
        self.counted = self.counted.max(at);
    }

    /// Records activity of the visitor.
    pub(crate) fn record_activity(&mut self, at: f64) {
        self.count_until(at);
        self.active = self.active.max(at);
    }

    /// Records that the page was hidden or shown.
    pub(crate) fn set_visible(&mut self, at: f64, is_visible: bool) {
        self.count_until(at);
        self.is_hidden = !is_visible;
        if is_visible {
            self.active = at;
        }
    }

    /// Records the use of a feature. If it is another one, returns the previous feature with its
    /// milliseconds.
    pub(crate) fn start_feature(&mut self, at: f64, feature: &str) -> Option<(String, f64)> {
        self.record_activity(at);
        if self.feature == feature {
            return None;
        }
        let before = self.take_engagement(at);
        self.feature.clear();
        self.feature.push_str(feature);
        before
    }

    /// Takes the feature with the milliseconds that are not reported yet.
    pub(crate) fn take_engagement(&mut self, at: f64) -> Option<(String, f64)> {
        self.count_until(at);
        let time = core::mem::take(&mut self.time);
        (time > 0.0 && !self.feature.is_empty()).then(|| (self.feature.clone(), time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_and_active_time_counts() {
        let mut engagement = Engagement::default();
        assert_eq!(engagement.start_feature(1_000.0, "A"), None);
        engagement.record_activity(31_000.0);
        engagement.set_visible(41_000.0, false);
        engagement.set_visible(99_000.0, true);
        // 40 s before it was hidden, 1 s after it was shown.
        assert_eq!(engagement.start_feature(100_000.0, "B"), Some(("A".into(), 41_000.0)));
        // Of an hour without activity, a minute counts.
        assert_eq!(engagement.take_engagement(3_700_000.0), Some(("B".into(), 60_000.0)));
        assert_eq!(engagement.take_engagement(3_700_001.0), None);
    }

    #[test]
    fn time_before_the_first_feature_belongs_to_none() {
        let mut engagement = Engagement::default();
        engagement.record_activity(5_000.0);
        assert_eq!(engagement.take_engagement(9_000.0), None);
        engagement.start_feature(9_000.0, "A");
        assert_eq!(engagement.take_engagement(10_000.0), Some(("A".into(), 1_000.0)));
    }
}
