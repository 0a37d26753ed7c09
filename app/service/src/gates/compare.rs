//! Targets that are about a change: against the people on the other side of a share, or against the
//! time before the rollout.

use std::collections::BTreeSet;

use phasegate_domain::{
    gates::{Pair, sample_ratio_mismatch},
    rollout::{ComparedWith, Target},
    stats::People,
    telemetry::Arm,
};

use super::evidence::{Days, Evidence, Group, union};

/// Whom those are compared with who were given something.
pub(super) enum Others {
    /// The people of one entry, on both sides of its share; the first were let in.
    Control(BTreeSet<Arm>, BTreeSet<Arm>),
    /// Everybody, before the rollout.
    Before,
}

impl Others {
    /// `no people in control`
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Control(..) => "in control",
            Self::Before => "before the rollout",
        }
    }
}

impl Evidence {
    /// Whom a target compares with; `Err` says why nobody can be compared.
    pub(super) fn others(&self, with: ComparedWith) -> Result<Option<Others>, String> {
        match with {
            ComparedWith::Fixed => Ok(None),
            ComparedWith::Baseline if self.before.is_none() => {
                Err("it is not known when the rollout began".to_owned())
            }
            ComparedWith::Baseline => Ok(Some(Others::Before)),
            ComparedWith::Control => self.control().map(Some),
        }
    }

    /// The two sides of the entry with the most people on its smaller side. Of several entries only one
    /// is taken: which entry decides about somebody says who they are, and sides of different ones
    /// would differ in that.
    fn control(&self) -> Result<Others, String> {
        let entries: BTreeSet<(&str, u32)> = self
            .arms
            .iter()
            .filter(|arm| arm.share() < phasegate_domain::bucket::Share::ALL)
            .map(|arm| (arm.segment.as_str(), arm.buckets))
            .collect();
        let mut largest: Option<(u64, Sides)> = None;
        for entry in entries {
            let sides = self.sides(entry);
            let smaller = sides.treatment.len().min(sides.control.len());
            if largest.as_ref().is_none_or(|(most, _)| smaller > *most) {
                largest = Some((smaller, sides));
            }
        }
        let Some((_, sides)) = largest else {
            return Err("nobody is left to compare with".to_owned());
        };
        // Who has been on both sides was so because shares changed, and then no share can be expected.
        let crossed = sides.treatment.count_in_both(&sides.control);
        if crossed == 0 {
            let (treatment, control) = (sides.treatment.len(), sides.control.len());
            if let Some(problem) = sample_ratio_mismatch(treatment, control, sides.share) {
                return Err(problem);
            }
        }
        Ok(Others::Control(sides.inside, sides.outside))
    }

    fn sides(&self, (segment, buckets): (&str, u32)) -> Sides {
        let arms = |is_treatment| -> BTreeSet<Arm> {
            let arms = self.arms.iter().filter(|arm| {
                arm.segment.as_str() == segment
                    && arm.buckets == buckets
                    && arm.is_treatment == is_treatment
            });
            arms.cloned().collect()
        };
        let (inside, outside) = (arms(true), arms(false));
        let people = |arms: &BTreeSet<Arm>| {
            union(self.people(&Group::Side(arms.clone()), self.days).into_values())
        };
        Sides {
            treatment: people(&inside),
            control: people(&outside),
            share: phasegate_domain::bucket::Share::from_buckets(buckets).percent() / 100.0,
            inside,
            outside,
        }
    }

    /// The metric of both.
    pub(super) fn pair(&self, target: &Target, others: &Others, days: Days) -> Pair {
        match others {
            Others::Control(inside, outside) => Pair {
                with: self.measured(target, &Group::Side(inside.clone()), days, true),
                without: self.measured(target, &Group::Side(outside.clone()), days, true),
            },
            Others::Before => {
                let before = self.before.unwrap_or(days);
                Pair {
                    with: self.measured(target, &self.group(target), days, true),
                    without: self.measured(target, &Group::Before, before, true),
                }
            }
        }
    }
}

/// The two sides of an entry.
struct Sides {
    inside: BTreeSet<Arm>,
    outside: BTreeSet<Arm>,
    treatment: People,
    control: People,
    share: f64,
}
