//! What pages report, once it is checked: facts, and the rollup rows that they add to.

mod facts;
mod rollup;
mod screenshot;

pub use facts::{Batch, ErrorReport, Fact, FactKind, Feedback, Severity, TaskOutcome, TimingKind};
pub use rollup::{
    MAX_LABELS, OTHER_LABEL, Rollup, RollupKey, Series, exposure_label, exposure_of, minute_of,
    roll_up,
};
pub use screenshot::{
    ImageKind, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot,
};
