//! Flags, their variants and rules, and the answer that a user gets.

mod answer;
mod answer_json;
mod describe_targeting;
mod document;
mod environment_override;
mod evaluation;
mod evaluator;
mod flag;
mod individual_override;
mod lifecycle;
mod rule;
mod sentence;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod trace_step;
mod validate;
mod view;

pub use self::{
    answer::{Answer, Metadata},
    describe_targeting::describe_targeting,
    document::FlagDocument,
    environment_override::{EnvironmentOverride, InvalidEnvironmentOverride},
    evaluation::{Cause, Evaluation, EvaluationError, Reason, RuleHit},
    evaluator::{Evaluator, evaluate, explain},
    flag::{Flag, FlagKind, Variant},
    individual_override::{IndividualOverride, InvalidOverride, MAX_TARGETING_KEY_BYTES},
    lifecycle::{EvaluationCounts, HOURS, Lifecycle, STALE_AFTER_DAYS, StaleAdvice, VariantCounts},
    rule::{InvalidRule, Portion, Ramp, Rule, Serve, WeightedVariant},
    state::{FlagState, Prerequisite, ScheduledSwitch},
    trace::{NoTrace, Trace},
    trace_step::{ExplanationLine, Reader, RuleOutcome, RuleStep, TraceStep},
    validate::{Flags, InvalidFlag, MAX_RULES, MAX_VARIANTS},
    view::{ExplainedAnswer, Explanation, FlagRow},
};
pub(crate) use flag::RawKind;
#[cfg(test)]
pub(crate) use flag::tests::boolean_flag;
