//! Validation of a plan file as a whole.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    AudienceEntry, Criterion, CriterionMetric, MAX_WINDOW_DAYS, Phase, Plan, PlanFile,
    TargetProblem,
};
use crate::{
    field_error::{FieldCode, FieldProblem, join},
    flags::InvalidFlag,
    ids::{FlagKey, PhaseNumber, RolloutKey, SegmentKey, is_reserved},
    plan::Revision,
    targeting::{EVERYONE, InvalidSegment, Segment, Segments, Share},
};

/// The maximum quorum, in accounts.
const MAX_QUORUM: u16 = 50;

/// Why a plan file is invalid; the message names the field.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidPlan {
    /// The file has another format version.
    #[error("this version reads format {known}, the file says {found}")]
    Format { found: u32, known: u32 },
    #[error("write it as v1.0, not {0:?}")]
    Revision(String),
    /// Nothing to carry out.
    #[error("a plan has at least one phase")]
    NoPhases,
    /// Numbers are not 1, 2, 3, ….
    #[error("expected {expected}, found {found}")]
    Number {
        /// The index of the phase, from 0.
        index: usize,
        expected: PhaseNumber,
        found: PhaseNumber,
    },
    /// A phase plans fewer users than the one before.
    #[error("{percentage} is less than the phase before it plans")]
    Falling {
        /// The index of the phase, from 0.
        index: usize,
        percentage: Share,
    },
    /// The maximum duration is shorter than the minimum duration.
    #[error("shorter than minimum_days")]
    Durations {
        /// The index of the phase, from 0.
        index: usize,
    },
    /// An audience names an unknown segment.
    #[error("there is no segment {segment}")]
    UnknownSegment {
        /// The index of the phase, from 0.
        index: usize,
        segment: SegmentKey,
    },
    /// A phase adds an unknown flag.
    #[error("there is no flag {flag}")]
    UnknownFlag {
        /// The index of the phase, from 0.
        index: usize,
        flag: FlagKey,
    },
    /// A criterion or KPI cannot be computed, or cannot hold.
    #[error("{problem}")]
    Target {
        /// The path of the criterion or KPI.
        place: String,
        problem: TargetProblem,
    },
    /// The key of the plan is one that paths of the API use.
    #[error("{0:?} is reserved; choose another one")]
    ReservedKey(RolloutKey),
    /// The quorum is higher than allowed.
    #[error("at most {MAX_QUORUM} accounts")]
    Quorum,
    /// A phase has no name.
    #[error("must not be empty")]
    Unnamed {
        /// The index of the phase, from 0.
        index: usize,
    },
    /// Two phases add the same flag.
    #[error("{flag} is already added by an earlier phase")]
    FlagTwice {
        /// The index of the second phase, from 0.
        index: usize,
        flag: FlagKey,
    },
    /// A segment or flag is defined twice, or a segment takes a built-in name.
    #[error("{key} is defined twice or built in")]
    KeyTwice { list: &'static str, key: String },
    /// Two checklist items, sign-off statements or KPI names of one list are equal.
    #[error("{item:?} is listed twice")]
    ItemTwice { list: String, item: String },
    /// A segment is invalid on its own.
    #[error("{error}")]
    Segment { key: SegmentKey, error: InvalidSegment },
    /// A flag is invalid on its own.
    #[error("{error}")]
    Flag { key: FlagKey, error: InvalidFlag },
}

impl FieldProblem for InvalidPlan {
    fn field(&self) -> String {
        match self {
            Self::Format { .. } => "format".to_owned(),
            Self::Revision(_) => "revision".to_owned(),
            Self::NoPhases => "phases".to_owned(),
            Self::Number { index, .. } => format!("phases[{index}].number"),
            Self::Falling { index, .. } => format!("phases[{index}].percentage"),
            Self::Durations { index } => format!("phases[{index}].maximum_days"),
            Self::UnknownSegment { index, .. } => format!("phases[{index}].audience"),
            Self::UnknownFlag { index, .. } | Self::FlagTwice { index, .. } => {
                format!("phases[{index}].flags")
            }
            Self::Target { place, problem } => join(place, problem.field()),
            Self::ReservedKey(_) => "key".to_owned(),
            Self::Quorum => "quorum".to_owned(),
            Self::Unnamed { index } => format!("phases[{index}].name"),
            Self::KeyTwice { list, .. } => (*list).to_owned(),
            Self::ItemTwice { list, .. } => list.clone(),
            Self::Segment { key, error } => join(&format!("segments.{key}"), &error.field()),
            Self::Flag { key, error } => join(&format!("flags.{key}"), &error.field()),
        }
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::NoPhases | Self::Unnamed { .. } => FieldCode::Missing,
            Self::ReservedKey(_) => FieldCode::Reserved,
            Self::UnknownSegment { .. } | Self::UnknownFlag { .. } => FieldCode::Unknown,
            Self::Segment { error, .. } => error.code(),
            Self::Flag { error, .. } => error.code(),
            Self::Format { .. }
            | Self::Revision(_)
            | Self::Number { .. }
            | Self::Falling { .. }
            | Self::Durations { .. }
            | Self::Target { .. }
            | Self::Quorum
            | Self::FlagTwice { .. }
            | Self::KeyTwice { .. }
            | Self::ItemTwice { .. } => FieldCode::Invalid,
        }
    }
}

impl PlanFile {
    /// The format version that this code reads.
    pub const FORMAT: u32 = 1;

    /// The top-level fields of a plan file.
    pub const FIELDS: [&str; 13] = [
        "format",
        "key",
        "name",
        "revision",
        "description",
        "quorum",
        "token_votes",
        "segments",
        "flags",
        "phases",
        "checklist",
        "kpis",
        "contacts",
    ];

    /// Checks the rules that the types cannot express.
    ///
    /// # Errors
    /// Returns the first problem, which names its field.
    pub fn validate(&self) -> Result<(), InvalidPlan> {
        if self.format != Self::FORMAT {
            return Err(InvalidPlan::Format { found: self.format, known: Self::FORMAT });
        }
        let segments = self.segments.iter().map(|segment| segment.key.as_str());
        let mut known_segments = BTreeSet::from([EVERYONE]);
        check_unique_keys("segments", segments, &mut known_segments)?;
        let mut known_flags = BTreeSet::new();
        check_unique_keys(
            "flags",
            self.flags.iter().map(|flag| flag.key.as_str()),
            &mut known_flags,
        )?;
        let shared = |s: &Segment| (s.key.clone(), Arc::new(s.clone()));
        let segments: Segments = self.segments.iter().map(shared).collect();
        for segment in &self.segments {
            segment
                .validate(&segments)
                .and_then(|()| Ok(segment.condition.check_values()?))
                .map_err(|error| InvalidPlan::Segment { key: segment.key.clone(), error })?;
        }
        for flag in &self.flags {
            flag.validate().map_err(|error| InvalidPlan::Flag { key: flag.key.clone(), error })?;
        }
        self.plan.validate(&known_segments, &known_flags)
    }
}

impl Plan {
    fn validate(
        &self,
        segments: &BTreeSet<&str>,
        flags: &BTreeSet<&str>,
    ) -> Result<(), InvalidPlan> {
        if is_reserved(self.key.as_str()) {
            return Err(InvalidPlan::ReservedKey(self.key.clone()));
        }
        if Revision::parse(&self.revision).is_none() {
            return Err(InvalidPlan::Revision(self.revision.clone()));
        }
        if self.phases.is_empty() {
            return Err(InvalidPlan::NoPhases);
        }
        if self.quorum > MAX_QUORUM {
            return Err(InvalidPlan::Quorum);
        }
        let unnamed = self.phases.iter().position(|phase| phase.name.trim().is_empty());
        if let Some(index) = unnamed {
            return Err(InvalidPlan::Unnamed { index });
        }
        if let Some(item) = find_repeated(self.checklist.iter().flat_map(|group| &group.items)) {
            let list = "checklist".to_owned();
            return Err(InvalidPlan::ItemTwice { list, item: item.clone() });
        }
        let mut expected = PhaseNumber::FIRST;
        let mut planned = None;
        let mut added = BTreeSet::new();
        for (index, phase) in self.phases.iter().enumerate() {
            if phase.number != expected {
                return Err(InvalidPlan::Number { index, expected, found: phase.number });
            }
            if planned.is_some_and(|before| phase.percentage < before) {
                return Err(InvalidPlan::Falling { index, percentage: phase.percentage });
            }
            if phase.maximum_days.is_some_and(|maximum| maximum < phase.minimum_days) {
                return Err(InvalidPlan::Durations { index });
            }
            for AudienceEntry { segment, .. } in &phase.audience {
                if !segments.contains(segment.as_str()) {
                    return Err(InvalidPlan::UnknownSegment { index, segment: segment.clone() });
                }
            }
            for flag in &phase.flags {
                if !flags.contains(flag.as_str()) {
                    return Err(InvalidPlan::UnknownFlag { index, flag: flag.clone() });
                }
                if !added.insert(flag) {
                    return Err(InvalidPlan::FlagTwice { index, flag: flag.clone() });
                }
            }
            self.check_criteria(index, phase, &added)?;
            if let Some(item) = find_repeated(phase.checklist.iter()) {
                let list = format!("phases[{index}].checklist");
                return Err(InvalidPlan::ItemTwice { list, item: item.clone() });
            }
            if let Some(item) = find_repeated(phase.statements()) {
                let list = format!("phases[{index}].criteria");
                return Err(InvalidPlan::ItemTwice { list, item: item.to_owned() });
            }
            planned = Some(phase.percentage);
            expected = expected.next();
        }
        self.check_kpis(&added)
    }

    fn check_criteria(
        &self,
        index: usize,
        phase: &Phase,
        added: &BTreeSet<&FlagKey>,
    ) -> Result<(), InvalidPlan> {
        for (number, criterion) in phase.criteria.iter().enumerate() {
            let Criterion::Automatic(target) = criterion else { continue };
            let check = || {
                target.check_scope(added.iter().copied(), true)?;
                if target.metric == CriterionMetric::Uptime {
                    return Err(TargetProblem::Uptime);
                }
                target.check_in_plan(self, Some(phase.number))
            };
            check().map_err(|problem| {
                let place = format!("phases[{index}].criteria[{number}]");
                InvalidPlan::Target { place, problem }
            })?;
        }
        Ok(())
    }

    fn check_kpis(&self, added: &BTreeSet<&FlagKey>) -> Result<(), InvalidPlan> {
        if let Some(name) = find_repeated(self.kpis.iter().map(|kpi| &kpi.name)) {
            return Err(InvalidPlan::ItemTwice { list: "kpis".to_owned(), item: name.clone() });
        }
        for (index, kpi) in self.kpis.iter().enumerate() {
            let check = || {
                if !(1..=MAX_WINDOW_DAYS).contains(&kpi.window_days) {
                    return Err(TargetProblem::Window { max: MAX_WINDOW_DAYS });
                }
                let target = kpi.target();
                target.check_scope(added.iter().copied(), false)?;
                target.check_in_plan(self, None)
            };
            check().map_err(|problem| InvalidPlan::Target {
                place: format!("kpis[{index}]"),
                problem,
            })?;
        }
        Ok(())
    }
}

/// Returns the first item that repeats an earlier one.
fn find_repeated<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    let mut all = all;
    all.find(|item| !seen.insert(*item))
}

fn check_unique_keys<'a>(
    list: &'static str,
    keys: impl Iterator<Item = &'a str>,
    seen: &mut BTreeSet<&'a str>,
) -> Result<(), InvalidPlan> {
    for key in keys {
        if !seen.insert(key) {
            return Err(InvalidPlan::KeyTwice { list, key: key.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{field_error::FieldError, flags::boolean_flag};
    use serde_json::json;

    /// Three phases: all of `staff`, 20 % of everyone, everyone.
    pub(crate) fn plan_file() -> PlanFile {
        let mut file: PlanFile = serde_json::from_value(json!({
            "format": 1, "key": "plan", "name": "Plan", "revision": "v1.0",
            "segments": [{"key": "staff", "name": "Staff", "condition":
                {"attribute": "groups", "operator": "contains", "value": "staff"}}],
            "phases": [
                {"number": 1, "name": "One", "percentage": 1, "minimum_days": 3,
                 "audience": [{"segment": "staff", "share": 100}], "flags": ["A"]},
                {"number": 2, "name": "Two", "percentage": 20,
                 "audience": [{"segment": "everyone", "share": 20}], "flags": ["B"]},
                {"number": 3, "name": "Three", "percentage": 100,
                 "audience": [{"segment": "everyone", "share": 100}], "flags": ["C"]},
            ],
        }))
        .unwrap();
        file.flags = ["A", "B", "C"].map(boolean_flag).to_vec();
        file
    }

    fn validation_error(change: impl FnOnce(&mut PlanFile)) -> String {
        let mut file = plan_file();
        change(&mut file);
        FieldError::from(file.validate().unwrap_err()).to_string()
    }

    #[test]
    fn a_valid_plan_passes() {
        assert_eq!(plan_file().validate(), Ok(()));
    }

    #[test]
    fn validation_names_the_invalid_field() {
        assert_eq!(validation_error(|f| f.plan.quorum = 51), "quorum: at most 50 accounts");
        assert_eq!(
            validation_error(|f| f.plan.phases[1].name = " ".into()),
            "phases[1].name: must not be empty"
        );
        assert!(
            validation_error(|f| f.format = 9).starts_with("format: this version reads format 1")
        );
        assert!(validation_error(|f| f.plan.phases.clear()).starts_with("phases:"));
        assert_eq!(
            validation_error(|f| f.plan.phases[1].number = PhaseNumber(3)),
            "phases[1].number: expected 2, found 3"
        );
        assert!(
            validation_error(|f| f.plan.phases[1].percentage = Share::from_percent(0.5).unwrap())
                .starts_with("phases[1].percentage: 0.5 % is less")
        );
        assert!(
            validation_error(|f| f.plan.phases[0].maximum_days = Some(2))
                .starts_with("phases[0].maximum_days")
        );
        assert_eq!(
            validation_error(|f| f.segments.clear()),
            "phases[0].audience: there is no segment staff"
        );
        assert_eq!(
            validation_error(|f| f.flags.truncate(2)),
            "phases[2].flags: there is no flag C"
        );
        assert_eq!(
            validation_error(|f| f.plan.phases[2].flags = f.plan.phases[0].flags.clone()),
            "phases[2].flags: A is already added by an earlier phase"
        );
        assert_eq!(
            validation_error(|f| f.segments[0].key = SegmentKey::new("everyone").unwrap()),
            "segments: everyone is defined twice or built in"
        );
        assert_eq!(
            validation_error(|f| f.plan.phases[1].checklist = vec!["x".into(), "x".into()]),
            "phases[1].checklist: \"x\" is listed twice"
        );
        assert!(
            validation_error(|f| f.flags[1].variants.truncate(1))
                .starts_with("flags.B.off_variant: there is no variant off")
        );
    }
}
