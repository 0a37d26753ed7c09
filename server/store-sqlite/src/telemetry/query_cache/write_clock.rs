//! The time of the last write to each time bucket.

use std::collections::BTreeMap;

use phasegate_domain::{ids::EnvironmentId, time::Resolution};

/// Buckets of an environment and kind that are tracked individually; older ones share one time.
const KNOWN: usize = 2_400;

/// Step in minutes by which the first cached range of minutes grows.
const STEP: i64 = 10;

/// Hours in a day.
const HOURS: i64 = 24;

/// The kind of data in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::telemetry) enum Kind {
    /// Rollups of a minute.
    Minutes,
    /// Rollups of an hour, and of the day that contains it.
    Hours,
    /// User sets of a day.
    Activity,
}

impl Kind {
    /// Returns the kind for rollups of a resolution.
    pub(in crate::telemetry) fn for_resolution(resolution: Resolution) -> Self {
        match resolution {
            Resolution::Minute => Self::Minutes,
            Resolution::Hour | Resolution::Day => Self::Hours,
        }
    }

    /// Returns the ends of the two cached ranges, as buckets of a resolution, for the newest bucket
    /// that was written to. The bucket before the newest is cached separately, because late events
    /// still change it. Ranges of minutes end at a multiple of [`STEP`], so that they stay cached
    /// for a while.
    pub(super) fn cache_cuts(self, newest: i64, resolution: Resolution) -> [i64; 2] {
        match (self, resolution) {
            (Self::Minutes, _) => {
                let step = (newest - 1).div_euclid(STEP) * STEP;
                [step, newest - 1]
            }
            (Self::Hours, Resolution::Day) => {
                let day = newest.div_euclid(HOURS);
                [day - 1, day]
            }
            (Self::Hours | Self::Activity, _) => [newest - 1, newest],
        }
    }

    /// Converts a range of buckets of a resolution to buckets of this kind.
    pub(in crate::telemetry) fn convert_buckets(
        self,
        (from, to): (i64, i64),
        resolution: Resolution,
    ) -> (i64, i64) {
        match (self, resolution) {
            (Self::Hours, Resolution::Day) => {
                (from.saturating_mul(HOURS), to.saturating_mul(HOURS))
            }
            _ => (from, to),
        }
    }
}

/// A logical clock that advances with every write.
#[derive(Debug, Default)]
pub(super) struct WriteClock {
    now: u64,
    /// The last write that may have changed any bucket.
    all: u64,
    kinds: BTreeMap<(EnvironmentId, Kind), Spans>,
}

#[derive(Debug, Default)]
struct Spans {
    /// The last write to a bucket that is no longer tracked individually.
    others: u64,
    known: BTreeMap<i64, u64>,
}

impl WriteClock {
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Records a write to buckets.
    pub(super) fn invalidate(
        &mut self,
        buckets: impl IntoIterator<Item = (EnvironmentId, Kind, i64)>,
    ) {
        self.now += 1;
        for (environment, kind, bucket) in buckets {
            let buckets = self.kinds.entry((environment, kind)).or_default();
            buckets.known.insert(bucket, self.now);
            if buckets.known.len() > KNOWN
                && let Some((_, at)) = buckets.known.pop_first()
            {
                buckets.others = buckets.others.max(at);
            }
        }
    }

    /// Records a write that may have changed any bucket.
    pub(super) fn invalidate_all(&mut self) {
        self.now += 1;
        self.all = self.now;
    }

    /// The newest bucket that was written to since the start.
    pub(super) fn newest_bucket(&self, environment: EnvironmentId, kind: Kind) -> Option<i64> {
        let buckets = self.kinds.get(&(environment, kind))?;
        buckets.known.last_key_value().map(|(bucket, _)| *bucket)
    }

    /// Returns the time of the last write to any of the buckets `from..to`.
    pub(super) fn last_write(
        &self,
        environment: EnvironmentId,
        kind: Kind,
        (from, to): (i64, i64),
    ) -> u64 {
        let Some(buckets) = self.kinds.get(&(environment, kind)) else { return self.all };
        let known = buckets.known.range(from..to.max(from)).map(|(_, at)| *at).max();
        known.unwrap_or_default().max(buckets.others).max(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: EnvironmentId = EnvironmentId(1);

    #[test]
    fn only_written_buckets_get_a_new_time() {
        let mut clock = WriteClock::default();
        clock.invalidate([(HERE, Kind::Hours, 50), (HERE, Kind::Hours, 70)]);
        clock.invalidate([(HERE, Kind::Hours, 60), (HERE, Kind::Activity, 3)]);
        let last = |clock: &WriteClock, buckets| clock.last_write(HERE, Kind::Hours, buckets);
        assert_eq!(last(&clock, (0, 50)), 0);
        assert_eq!(last(&clock, (50, 51)), 1);
        assert_eq!(last(&clock, (50, 61)), 2);
        assert_eq!(clock.newest_bucket(HERE, Kind::Hours), Some(70));
        assert_eq!(clock.newest_bucket(EnvironmentId(2), Kind::Hours), None);
        assert_eq!(clock.last_write(HERE, Kind::Activity, (3, 4)), 2);
        clock.invalidate_all();
        assert_eq!(last(&clock, (0, 50)), 3);
        assert_eq!(clock.last_write(EnvironmentId(2), Kind::Hours, (0, 1)), 3);
    }

    #[test]
    fn untracked_buckets_share_the_time_of_their_last_write() {
        let mut clock = WriteClock::default();
        for hour in 0..=KNOWN as i64 {
            clock.invalidate([(HERE, Kind::Hours, hour)]);
        }
        assert_eq!(clock.last_write(HERE, Kind::Hours, (-10, 0)), 1);
        assert_eq!(clock.last_write(HERE, Kind::Hours, (0, 1)), 1);
        assert_eq!(clock.last_write(HERE, Kind::Hours, (1, 2)), 2);
    }

    #[test]
    fn cuts_and_buckets_follow_the_resolution() {
        assert_eq!(Kind::Hours.convert_buckets((1, 2), Resolution::Day), (24, 48));
        assert_eq!(Kind::Minutes.convert_buckets((61, 121), Resolution::Minute), (61, 121));
        assert_eq!(Kind::Hours.cache_cuts(48, Resolution::Day), [1, 2]);
        assert_eq!(Kind::Hours.cache_cuts(48, Resolution::Hour), [47, 48]);
        assert_eq!(Kind::Minutes.cache_cuts(65, Resolution::Minute), [60, 64]);
        assert_eq!(Kind::Activity.cache_cuts(47, Resolution::Day), [46, 47]);
    }
}
