//! Flags, their variants, and the answer that a user gets.

mod evaluation;
mod flag;

pub use evaluation::{Evaluation, NoTrace, Reason, Step, Trace, evaluate, explain};
#[cfg(test)]
pub(crate) use flag::tests::boolean_flag;
pub use flag::{Flag, FlagKind, FlagState, InvalidFlag, Variant};
