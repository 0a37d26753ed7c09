//! Rows that count facts by minute.

use std::collections::BTreeMap;

use super::{Batch, FactKind, Feedback, TimingKind};
use crate::{
    Timestamp,
    ids::{EnvironmentId, FlagKey, VariantName},
    stats::Sketch,
    vitals::Vital,
};

/// The most labels that a series has rows of its own for, per environment.
pub const MAX_LABELS: u32 = 500;

/// What all further labels are counted under.
pub const OTHER_LABEL: &str = "other";

/// What a rollup row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// One vital's values.
    Vital(Vital),
    /// Errors.
    Errors,
    /// Exposures; labelled with flag and variant, as [`exposure_label`] writes them.
    Exposures,
    /// Uses; labelled with the flag.
    FeatureUses,
    /// The app's own events; labelled with their name.
    Custom,
    /// Durations; labelled with the endpoint or component.
    Timing(TimingKind),
    /// Page views; labelled with the page.
    Views,
    /// Visible time with a feature in use; labelled with the flag.
    Engagement,
    /// Tasks; labelled `name:outcome`, and the values are how long they took.
    Tasks,
    /// Feedback; the values are ratings.
    Feedback,
    /// How likely people would recommend it, 0 to 10.
    Nps,
    /// Events that were dropped or refused.
    Dropped,
}

impl Series {
    /// All that there are.
    pub const ALL: [Self; 18] = [
        Self::Vital(Vital::Lcp),
        Self::Vital(Vital::Inp),
        Self::Vital(Vital::Cls),
        Self::Vital(Vital::Fcp),
        Self::Vital(Vital::Ttfb),
        Self::Vital(Vital::Fid),
        Self::Errors,
        Self::Exposures,
        Self::FeatureUses,
        Self::Custom,
        Self::Timing(TimingKind::Api),
        Self::Timing(TimingKind::Render),
        Self::Views,
        Self::Engagement,
        Self::Tasks,
        Self::Feedback,
        Self::Nps,
        Self::Dropped,
    ];

    /// The series that is stored under that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.as_str() == name)
    }

    /// The name under which rows are stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vital(Vital::Lcp) => "vital.lcp",
            Self::Vital(Vital::Inp) => "vital.inp",
            Self::Vital(Vital::Cls) => "vital.cls",
            Self::Vital(Vital::Fcp) => "vital.fcp",
            Self::Vital(Vital::Ttfb) => "vital.ttfb",
            Self::Vital(Vital::Fid) => "vital.fid",
            Self::Errors => "errors",
            Self::Exposures => "exposures",
            Self::FeatureUses => "feature_uses",
            Self::Custom => "custom",
            Self::Timing(TimingKind::Api) => "timing.api",
            Self::Timing(TimingKind::Render) => "timing.render",
            Self::Views => "views",
            Self::Engagement => "engagement",
            Self::Tasks => "tasks",
            Self::Feedback => "feedback",
            Self::Nps => "nps",
            Self::Dropped => "dropped",
        }
    }
}

/// Which rollup row a fact belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// Whose.
    pub environment: EnvironmentId,
    /// Of what.
    pub series: Series,
    /// The flag, endpoint, component or event; empty where there is none.
    pub label: String,
    /// Minutes since 1970.
    pub minute: i64,
}

/// What a rollup row holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rollup {
    /// How many facts.
    pub count: u64,
    /// Their values' distribution; empty for series without values.
    pub sketch: Sketch,
    /// Values that others have taken the place of, and that are still to be taken back from what is
    /// stored; empty in what is stored.
    pub replaced: Sketch,
}

impl Rollup {
    /// Takes over all that another row counted.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sketch.merge(&other.sketch);
        self.replaced.merge(&other.replaced);
    }

    /// Takes back what was replaced, now that all is there.
    pub fn settle(&mut self) {
        let replaced = std::mem::take(&mut self.replaced);
        self.count = self.count.saturating_sub(replaced.count());
        self.sketch.subtract(&replaced);
    }
}

/// The minute that an instant lies in, counted from 1970.
#[must_use]
pub fn minute_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}

impl FactKind {
    /// The row it belongs to (series and label), how many it counts for, and its value.
    fn place(&self) -> (Series, String, u64, Option<u64>) {
        let none = String::new();
        match self {
            Self::Vital { vital, millionths, .. } => {
                (Series::Vital(*vital), none, 1, Some(*millionths))
            }
            Self::Error(report) => (Series::Errors, none, report.counted(), None),
            Self::View { page } => (Series::Views, page.clone(), 1, None),
            Self::Engaged { flag, millionths } => {
                (Series::Engagement, flag.to_string(), 1, Some(*millionths))
            }
            Self::Task { name, outcome, millionths } => {
                (Series::Tasks, format!("{name}:{}", outcome.as_str()), 1, Some(*millionths))
            }
            Self::Exposure { flag, variant } => {
                (Series::Exposures, exposure_label(flag, variant), 1, None)
            }
            Self::FeatureUsed { flag } => (Series::FeatureUses, flag.to_string(), 1, None),
            Self::Custom { name } => (Series::Custom, name.clone(), 1, None),
            Self::Timing { kind, name, millionths } => {
                (Series::Timing(*kind), name.clone(), 1, Some(*millionths))
            }
            Self::Feedback(Feedback { score: Some(score), .. }) => {
                (Series::Nps, none, 1, Some(u64::from(*score)))
            }
            Self::Feedback(feedback) => (Series::Feedback, none, 1, feedback.rating.map(u64::from)),
            Self::Dropped { events } => (Series::Dropped, none, *events, None),
        }
    }
}

/// The label of an exposure: `FLAG:variant`. Keys hold no colon, so it can be taken apart.
#[must_use]
pub fn exposure_label(flag: &FlagKey, variant: &VariantName) -> String {
    format!("{flag}:{variant}")
}

/// Flag and variant of an exposure's label.
#[must_use]
pub fn exposure_of(label: &str) -> Option<(FlagKey, VariantName)> {
    let (flag, variant) = label.split_once(':')?;
    Some((FlagKey::new(flag).ok()?, VariantName::new(variant).ok()?))
}

/// Adds all facts of a batch to rollup rows. The order of facts and batches does not matter.
pub fn roll_up(batch: &Batch, rows: &mut BTreeMap<RollupKey, Rollup>) {
    for fact in &batch.facts {
        let (series, label, count, value) = fact.kind.place();
        let key =
            RollupKey { environment: batch.environment, series, label, minute: minute_of(fact.at) };
        let row = rows.entry(key).or_default();
        row.count += count;
        if let Some(value) = value {
            row.sketch.add(value as f64);
        }
        if let FactKind::Vital { was: Some(was), .. } = &fact.kind {
            row.replaced.add(*was as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::telemetry::Fact;

    #[test]
    fn series_lead_back_from_their_names() {
        for series in Series::ALL {
            assert_eq!(Series::parse(series.as_str()), Some(series));
        }
    }

    #[test]
    fn a_value_that_takes_anothers_place_counts_once() {
        let vital = |millionths, was| Fact {
            at: DateTime::from_timestamp(60, 0).unwrap(),
            kind: FactKind::Vital { vital: Vital::Inp, millionths, was },
        };
        let roll = |facts: Vec<Fact>| {
            let batch = Batch {
                id: "b".into(),
                environment: EnvironmentId(1),
                received_at: DateTime::from_timestamp(60, 0).unwrap(),
                facts,
            };
            let mut rows = BTreeMap::new();
            roll_up(&batch, &mut rows);
            rows.into_values().next().unwrap()
        };
        let mut together = roll(vec![vital(80_000, None), vital(200_000, Some(80_000))]);
        let mut apart = roll(vec![vital(80_000, None)]);
        apart.merge(&roll(vec![vital(200_000, Some(80_000))]));
        together.settle();
        apart.settle();
        assert_eq!(together, apart);
        assert_eq!((apart.count, apart.sketch.count()), (1, 1));
        assert!(apart.sketch.quantile(0.5).unwrap() > 190_000.0);
    }

    #[test]
    fn facts_land_in_their_own_minute() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let lcp = |second| Fact {
            at: at(second),
            kind: FactKind::Vital { vital: Vital::Lcp, millionths: 2_000_000, was: None },
        };
        let batch = Batch {
            id: "b".into(),
            environment: EnvironmentId(1),
            received_at: at(200),
            facts: vec![lcp(59), lcp(60), lcp(119)],
        };
        let mut rows = BTreeMap::new();
        roll_up(&batch, &mut rows);
        let counts: Vec<_> = rows.iter().map(|(key, row)| (key.minute, row.count)).collect();
        assert_eq!(counts, [(0, 1), (1, 2)]);
        assert_eq!(minute_of(at(-1)), -1);
    }
}
