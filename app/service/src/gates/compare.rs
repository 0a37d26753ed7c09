//! Compares a target's metric with the control arm, or with the time before the rollout.

use std::collections::BTreeSet;

use phasegate_domain::{
    events::Arm,
    measurement::{Comparison, sample_ratio_mismatch},
    plan::{ComparedWith, Target},
};

use super::{
    evidence::{Days, Evidence, Group, union_user_sets},
    unmeasured::Unmeasured,
};

/// The group that a target's users are compared with.
pub(super) enum Others {
    /// The treatment arms and the control arms of one audience entry.
    Control(BTreeSet<Arm>, BTreeSet<Arm>),
    /// All users, before the rollout.
    Before,
}

impl Others {
    /// Returns the group in words, as in `no users in control`.
    pub(super) fn describe_group(&self) -> &'static str {
        match self {
            Self::Control(..) => "in control",
            Self::Before => "of all users before the rollout",
        }
    }
}

impl Evidence {
    /// Returns the group that a target compares with, `None` for a fixed threshold. `Err` is the
    /// reason why there is no such group.
    pub(super) fn comparison_group(
        &self,
        with: ComparedWith,
    ) -> Result<Option<Others>, Unmeasured> {
        match with {
            ComparedWith::Fixed => Ok(None),
            ComparedWith::Baseline if self.before.is_none() => Err(Unmeasured::NoBaseline),
            ComparedWith::Baseline => Ok(Some(Others::Before)),
            ComparedWith::Control => self.control_group().map(Some),
        }
    }

    /// Returns both arms of the compared entry at its planned share. A throttled share admits other
    /// users, so its arms are left out. `Err` if the sample ratio does not match the share.
    fn control_group(&self) -> Result<Others, Unmeasured> {
        let entry = self.compared.as_ref();
        let (segment, share) = entry.ok_or(Unmeasured::NoControl)?;
        let arms = |is_treatment| -> BTreeSet<Arm> {
            let arms = self.arms.iter().filter(|arm| {
                arm.segment == *segment && arm.share() == *share && arm.is_treatment == is_treatment
            });
            arms.cloned().collect()
        };
        let (inside, outside) = (arms(true), arms(false));
        let users = |arms: &BTreeSet<Arm>| {
            union_user_sets(self.users_by_day(&Group::Side(arms.clone()), self.days).into_values())
                .len()
        };
        let (treatment, control) = (users(&inside), users(&outside));
        match sample_ratio_mismatch(treatment, control, share.percent() / 100.0) {
            Some(problem) => Err(Unmeasured::SampleRatio(problem)),
            None => Ok(Others::Control(inside, outside)),
        }
    }

    /// Measures a target's metric in both groups.
    pub(super) fn compare_groups(
        &self,
        target: &Target,
        others: &Others,
        days: Days,
    ) -> Comparison {
        match others {
            Others::Control(inside, outside) => Comparison {
                with: self.measure_target(target, &Group::Side(inside.clone()), days, true),
                without: self.measure_target(target, &Group::Side(outside.clone()), days, true),
            },
            Others::Before => {
                let before = self.before.unwrap_or(days);
                Comparison {
                    with: self.measure_target(target, &self.target_group(target), days, true),
                    without: self.measure_target(target, &Group::Before, before, true),
                }
            }
        }
    }
}
