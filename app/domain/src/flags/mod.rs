//! Flags, their variants, and the answer that a user gets.

mod answer;
mod evaluation;
mod flag;
mod sentence;
mod view;

pub use answer::{Answer, Metadata};
pub use evaluation::{Evaluation, NoTrace, Reason, Step, Trace, evaluate, explain};
pub use view::{Explanation, FlagRow};

#[cfg(test)]
pub(crate) use flag::tests::boolean_flag;
pub use flag::{Flag, FlagKind, FlagState, InvalidFlag, Variant};
