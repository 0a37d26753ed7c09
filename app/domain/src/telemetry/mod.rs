//! What pages report, once it is checked: events, and what they add to the rows, sessions and sets
//! of people that every number is read from.

mod activity;
mod annotation;
mod arm;
mod bucket;
mod dimension;
mod event;
mod metric;
mod person;
mod rejection;
mod retention;
mod rollup_delta;
mod screenshot;
mod session;
mod simulation;
mod time_range;
mod time_range_preset;
mod visit;

pub use activity::Activity;
pub use annotation::{Annotation, AnnotationKind};
pub use arm::Arm;
pub use bucket::{Resolution, day_of, minute_of};
pub use dimension::Dimension;
pub use event::{
    Batch, ErrorReport, Event, EventKind, Feedback, Severity, TaskOutcome, TimingKind,
};
pub use metric::{
    MAX_LABELS, Metric, OTHER_LABEL, exposure_label, exposure_of, property_label, property_of,
};
pub use person::{ErasureReport, PersonBatch, PersonData, PersonDay, PersonReport, StorageUsage};
pub use rejection::refusal_class;
pub use retention::{RetentionKind, RetentionPolicy};
use rollup_delta::RollupDeltaRows;
pub use rollup_delta::{RollupDelta, RollupKey};
pub use screenshot::{
    ImageKind, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot,
};
pub use session::Session;
pub use simulation::{MAX_SIMULATED_DAYS, Simulation};
pub use time_range::{TimeRange, date_of};
pub use time_range_preset::TimeRangePreset;
pub use visit::{Device, NetworkHash, SessionHash, UserHash, Visit};
