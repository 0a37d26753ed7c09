//! Metrics, their dimensions, and the rollups that batches add to.

mod activity;
mod dimension;
mod labels;
mod metric;
mod rollup;
mod rollup_delta;
mod session;

pub use activity::{Activity, ActivityFilter};
pub use dimension::{Dimension, DimensionKind};
pub use labels::{
    AdmittedLabel, LABEL_KEPT_MINUTES, LABEL_WAITING_MINUTES, LabelAdmission, LabelGroup, LabelKey,
    MAX_WAITING_LABELS, RESERVED_LABEL, SentLabels, admit_labels, displace_labels,
};
pub use metric::{
    MAX_LABELS, Metric, OTHER_LABEL, exposure_label, parse_exposure_label, parse_property_label,
    property_label,
};
pub use rollup::RollupKey;
pub use rollup_delta::RollupDelta;
pub use session::Session;
