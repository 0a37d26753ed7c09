//! Metrics, their dimensions, and the rollups that batches add to.

mod activity;
mod definition;
mod dimension;
mod expiry;
mod labels;
mod metric;
mod rollup;
mod rollup_delta;
mod session;
mod user_sets;

pub use activity::{Activity, ActivityFilter};
pub use definition::{DEFINITIONS, Definition};
pub use dimension::{Dimension, DimensionKind};
pub use expiry::IngestExpiry;
pub use labels::{
    AdmittedLabel, Displacement, LabelAdmission, LabelGroup, LabelKey, MAX_WAITING_LABELS,
    RESERVED_LABEL, SentLabels, admit_labels, displace_labels,
};
pub use metric::{
    MAX_LABELS, Metric, OTHER_LABEL, exposure_label, parse_exposure_label, parse_property_label,
    property_label,
};
pub use rollup::{RollupKey, Rollups};
pub use rollup_delta::RollupDelta;
pub use session::{Session, SessionKey, Sessions};
pub use user_sets::{ActivityUsers, FirstDays, UserKey, UserSetChanges, first_days_of};
