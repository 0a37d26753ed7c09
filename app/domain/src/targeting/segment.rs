//! Named, reusable conditions over the evaluation context.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Condition, EVERYONE, InvalidCondition};
use crate::{
    field_error::{FieldCode, FieldProblem, join},
    ids::{SegmentKey, is_reserved},
};

/// The segments of a project, by key; shared with every snapshot that holds them unchanged.
pub type Segments = BTreeMap<SegmentKey, Arc<Segment>>;

/// A named, reusable condition over the evaluation context.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The key that audiences and rules refer to.
    pub key: SegmentKey,
    /// The name that pages show.
    pub name: String,
    /// The users that it is meant for.
    #[serde(default)]
    pub description: String,
    pub condition: Condition,
}

/// Why a segment cannot be saved, naming the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSegment {
    /// The key is that of the built-in segment.
    #[error("{EVERYONE} is built in; choose another key")]
    BuiltIn,
    /// The key is reserved for a page.
    #[error("{0:?} is reserved; choose another one")]
    Reserved(String),
    /// A text that is too long.
    #[error("must have at most {MAX_TEXT_BYTES} bytes")]
    TooLong(&'static str),
    /// The condition refers to an unknown segment.
    #[error("there is no segment {0}; create it first")]
    UnknownSegment(SegmentKey),
    /// With nested segments, the condition makes too many tests.
    #[error(
        "with the segments that it asks for it makes {0} tests; at most {MAX_COST} are allowed"
    )]
    TooCostly(usize),
    /// A value that is no longer accepted, or that lost digits.
    #[error("{0}")]
    Value(#[from] InvalidCondition),
    /// The segment would refer to itself, directly or through others.
    #[error("{} is a circle; remove one of these segments", format_cycle(.0))]
    Cycle(Vec<SegmentKey>),
}

impl FieldProblem for InvalidSegment {
    fn field(&self) -> String {
        match self {
            Self::BuiltIn | Self::Reserved(_) => "key".to_owned(),
            Self::TooLong(field) => (*field).to_owned(),
            Self::UnknownSegment(_) | Self::TooCostly(_) | Self::Cycle(_) => "condition".to_owned(),
            Self::Value(error) => join("condition", &error.field()),
        }
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::BuiltIn | Self::Reserved(_) => FieldCode::Reserved,
            Self::TooLong(_) => FieldCode::TooLong,
            Self::UnknownSegment(_) => FieldCode::Unknown,
            Self::TooCostly(_) => FieldCode::TooMany,
            Self::Cycle(_) => FieldCode::Invalid,
            Self::Value(error) => error.code(),
        }
    }
}

/// The maximum length of a name or description, in bytes.
const MAX_TEXT_BYTES: usize = 2_000;

/// The maximum cost of a condition; see [`condition_cost`].
pub const MAX_COST: usize = 2_000;

/// The maximum number of tests of a condition, including those of the segments that it refers to;
/// each `all` or `any` adds one. Segments must not refer to each other in a cycle.
#[must_use]
pub fn condition_cost(condition: &Condition, segments: &Segments) -> usize {
    count_tests(condition, segments, &mut BTreeMap::new())
}

fn count_tests<'a>(
    condition: &'a Condition,
    segments: &'a Segments,
    known: &mut BTreeMap<&'a SegmentKey, usize>,
) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts
            .iter()
            .map(|part| count_tests(part, segments, known))
            .fold(1, usize::saturating_add),
        Condition::Not(part) => count_tests(part, segments, known),
        Condition::Test(_) => 1,
        Condition::InSegment(key) => {
            if let Some(cost) = known.get(key) {
                return *cost;
            }
            let inner = segments.get(key).map(|segment| &segment.condition);
            let cost = inner.map_or(1, |inner| count_tests(inner, segments, known));
            known.insert(key, cost);
            cost
        }
    }
}

fn format_cycle(keys: &[SegmentKey]) -> String {
    keys.iter().map(SegmentKey::as_str).collect::<Vec<_>>().join(" → ")
}

impl Segment {
    /// Checks a segment against the other segments of its project.
    ///
    /// # Errors
    /// Returns the first problem, with its field.
    pub fn validate(&self, others: &Segments) -> Result<(), InvalidSegment> {
        if self.key.as_str() == EVERYONE {
            return Err(InvalidSegment::BuiltIn);
        }
        if is_reserved(self.key.as_str()) {
            return Err(InvalidSegment::Reserved(self.key.to_string()));
        }
        for (field, text) in [("name", &self.name), ("description", &self.description)] {
            if text.len() > MAX_TEXT_BYTES {
                return Err(InvalidSegment::TooLong(field));
            }
        }
        self.follow_segments(self, others, &mut vec![self.key.clone()], &mut BTreeSet::new())?;
        match condition_cost(&self.condition, others) {
            cost if cost > MAX_COST => Err(InvalidSegment::TooCostly(cost)),
            _ => Ok(()),
        }
    }

    /// Follows the segments that a condition refers to, and refuses unknown ones and cycles.
    fn follow_segments(
        &self,
        at: &Self,
        others: &Segments,
        way: &mut Vec<SegmentKey>,
        sound: &mut BTreeSet<SegmentKey>,
    ) -> Result<(), InvalidSegment> {
        for key in at.condition.segments() {
            if key.as_str() == EVERYONE || sound.contains(key) {
                continue;
            }
            let known =
                if *key == self.key { Some(self) } else { others.get(key).map(Arc::as_ref) };
            let next = known.ok_or_else(|| InvalidSegment::UnknownSegment(key.clone()))?;
            let comes_back = way.contains(key);
            way.push(key.clone());
            if comes_back {
                return Err(InvalidSegment::Cycle(std::mem::take(way)));
            }
            self.follow_segments(next, others, way, sound)?;
            way.pop();
            sound.insert(key.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::field_error::FieldError;
    use crate::targeting::EvaluationContext;

    fn sample_segment(key: &str, condition: serde_json::Value) -> Segment {
        serde_json::from_value(json!({"key": key, "name": key, "condition": condition})).unwrap()
    }

    fn text(verdict: Result<(), InvalidSegment>) -> String {
        FieldError::from(verdict.unwrap_err()).to_string()
    }

    fn segments_by_key(list: &[Segment]) -> Segments {
        list.iter().map(|segment| (segment.key.clone(), Arc::new(segment.clone()))).collect()
    }

    #[test]
    fn the_cost_of_nested_segments_is_bounded() {
        let mut all = Segments::new();
        let test = json!({"attribute": "a", "operator": "exists"});
        let mut inner = test;
        for level in ["one", "two", "three", "four"] {
            let next = sample_segment(level, json!({"any": vec![inner; 100]}));
            inner = json!({ "in_segment": level });
            let verdict = next.validate(&all);
            let is_small = matches!(level, "one");
            assert_eq!(verdict.is_ok(), is_small, "{level}: {verdict:?}");
            all.insert(next.key.clone(), Arc::new(next));
        }
    }

    #[test]
    fn a_segment_may_refer_to_others_but_not_to_itself() {
        let beta = sample_segment("beta", json!({"attribute": "beta", "operator": "exists"}));
        let staff = sample_segment(
            "staff",
            json!({"any": [{"in_segment": "beta"}, {"in_segment": "vip"}]}),
        );
        assert_eq!(
            text(staff.validate(&segments_by_key(std::slice::from_ref(&beta)))),
            "condition: there is no segment vip; create it first"
        );
        let vip = sample_segment("vip", json!({"in_segment": "beta"}));
        let all = segments_by_key(&[beta, vip, staff.clone()]);
        assert_eq!(staff.validate(&all), Ok(()));
        let context = EvaluationContext::of_user("ada").with_attribute("beta", true);
        assert!(staff.matches(&context, &all, chrono::DateTime::UNIX_EPOCH));

        let circular = sample_segment("vip", json!({"not": {"in_segment": "staff"}}));
        assert_eq!(
            text(circular.validate(&all)),
            "condition: vip → staff → vip is a circle; remove one of these segments"
        );
        let itself = sample_segment("me", json!({"in_segment": "me"}));
        assert!(matches!(itself.validate(&all), Err(InvalidSegment::Cycle(_))));
        let built_in = sample_segment("everyone", json!({"all": []}));
        assert_eq!(built_in.validate(&all), Err(InvalidSegment::BuiltIn));
    }
}
