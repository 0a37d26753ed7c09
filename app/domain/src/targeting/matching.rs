//! Matching of conditions and segments, which refer to each other.

use super::{Condition, EVERYONE, EvaluationContext, Segment, Segments, Verdict};
use crate::{Timestamp, ids::SegmentKey};

impl Condition {
    /// Whether the context satisfies the condition at `now`. An unknown segment has no users;
    /// validation on saving refuses it.
    #[must_use]
    pub fn matches(
        &self,
        context: &EvaluationContext,
        segments: &Segments,
        now: Timestamp,
    ) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(context, segments, now)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(context, segments, now)),
            Self::Not(part) => !part.matches(context, segments, now),
            Self::InSegment(key) => is_in(key, context, segments, now),
            Self::Test(test) => test.judge_context(context, now) == Verdict::Holds,
        }
    }
}

impl Segment {
    /// Whether a user is in this segment at `now`.
    #[must_use]
    pub fn matches(
        &self,
        context: &EvaluationContext,
        segments: &Segments,
        now: Timestamp,
    ) -> bool {
        self.condition.matches(context, segments, now)
    }
}

/// Whether a user is in a segment, `everyone` included.
pub(super) fn is_in(
    key: &SegmentKey,
    context: &EvaluationContext,
    segments: &Segments,
    now: Timestamp,
) -> bool {
    key.as_str() == EVERYONE
        || segments.get(key).is_some_and(|segment| segment.matches(context, segments, now))
}
