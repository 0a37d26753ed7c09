//! Named, reusable conditions over the evaluation context.

mod condition;

pub use condition::{Condition, Operator, Test};
use serde::{Deserialize, Serialize};

use crate::{Timestamp, context::EvaluationContext, ids::SegmentKey};

/// The key of the segment that is built in and matches all users.
pub const EVERYONE: &str = "everyone";

/// A named condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// What audiences and rules call it.
    pub key: SegmentKey,
    /// What people call it.
    pub name: String,
    /// Whom it is meant to catch.
    #[serde(default)]
    pub description: String,
    /// Who is in.
    pub condition: Condition,
}

impl Segment {
    /// Whether a user is in this segment at `now`.
    #[must_use]
    pub fn matches(&self, context: &EvaluationContext, now: Timestamp) -> bool {
        self.condition.matches(context, now)
    }
}
