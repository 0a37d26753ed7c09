//! Evaluation of flags, with or without a trace of its steps.

mod answer;
mod answer_json;
mod details;
mod evaluator;
#[cfg(test)]
mod membership_tests;
mod sentence;
#[cfg(test)]
mod tests;
mod trace;
mod trace_step;

pub use answer::{Answer, Metadata};
pub use details::{Cause, Evaluation, EvaluationError, Reason, RuleHit};
pub use evaluator::{Evaluator, evaluate_flag, explain_flag};
pub use trace::{NoTrace, Trace};
pub use trace_step::{ExplanationLine, Reader, RuleOutcome, RuleStep, TraceStep};
