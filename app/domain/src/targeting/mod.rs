//! Targeting: the evaluation context, buckets, conditions and segments.

mod bucket;
mod check;
mod condition;
mod context;
pub(crate) mod instant;
mod invalid_value;
mod list;
mod matching;
mod network;
mod number;
mod operator;
mod parse;
mod pattern;
mod segment;
mod trace;

pub use bucket::{BUCKETS, Bucket, HashVersion, InvalidShare, Salt, Share, Throttle, is_inside};
pub use check::Verdict;
pub use condition::{Condition, EVERYONE, InvalidCondition, Test};
pub use context::{EvaluationContext, InvalidContext, SentContext};
pub use instant::deserialize_optional_instant as read_optional_instant;
pub use invalid_value::{ConditionProblem, InvalidNetwork, InvalidPattern, InvalidValue};
pub use network::parse_network;
pub use operator::Operator;
pub use segment::{InvalidSegment, MAX_COST, Segment, Segments, condition_cost};
pub use trace::ConditionStep;
