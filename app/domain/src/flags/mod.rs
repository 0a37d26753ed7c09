//! Flags, their variants and rules, and the answer that a user gets.

mod answer;
mod answer_json;
mod document;
mod evaluation;
mod evaluator;
mod flag;
mod forced;
mod lifecycle;
mod personal;
mod plain;
mod rule;
mod sentence;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod trace;
mod validate;
mod view;

pub use self::{
    answer::{Answer, Metadata},
    document::FlagDocument,
    evaluation::{Cause, Evaluation, EvaluationError, Reason, RuleHit},
    evaluator::{Evaluator, evaluate, explain},
    flag::{Flag, FlagKind, Variant},
    forced::{Forced, InvalidForced},
    lifecycle::{HOURS, Lifecycle, STALE_AFTER_DAYS, StaleAdvice, Usage, VariantUsage},
    personal::{InvalidOverride, MAX_TARGETING_KEY_BYTES, PersonalOverride},
    plain::in_plain_words,
    rule::{InvalidRule, Portion, Ramp, Rule, Serve, WeightedVariant},
    state::{FlagState, Prerequisite, ScheduledSwitch},
    step::{ExplanationLine, Reader, RuleOutcome, RuleStep, Step},
    trace::{NoTrace, Trace},
    validate::{Flags, InvalidFlag, MAX_RULES, MAX_VARIANTS},
    view::{ExplainedAnswer, Explanation, FlagRow},
};
pub(crate) use flag::RawKind;
#[cfg(test)]
pub(crate) use flag::tests::boolean_flag;
