//! Flags: variants, state per environment, targeting rules and overrides.

mod describe_targeting;
mod document;
mod environment_override;
mod flag;
mod individual_override;
mod lifecycle;
mod rule;
mod state;
mod validate;

pub use self::{
    describe_targeting::describe_targeting,
    document::FlagDocument,
    environment_override::{EnvironmentOverride, InvalidEnvironmentOverride},
    flag::{Flag, FlagKind, Variant},
    individual_override::{IndividualOverride, InvalidOverride, MAX_TARGETING_KEY_BYTES},
    lifecycle::{
        EvaluationCounts, HOURS, Lifecycle, NEW_FOR_DAYS, STALE_AFTER_DAYS, StaleAdvice,
        VariantCounts,
    },
    rule::{InvalidRule, Portion, Ramp, Rule, Serve, WeightedVariant},
    state::{FlagState, Prerequisite, ScheduledSwitch},
    validate::{Flags, InvalidFlag, MAX_RULES, MAX_VARIANTS},
};
pub(crate) use flag::RawKind;
#[cfg(test)]
pub(crate) use flag::tests::boolean_flag;
pub(crate) use validate::MAX_DEPTH;
