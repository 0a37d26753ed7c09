//! View models of pages, panels and the API. They use all lower layers; no rule reads them.

mod annotation;
mod attention;
mod change_notice;
mod dashboard;
mod flags;
mod incident;
mod progress;
mod reach;
mod review;
mod rollout;

pub use annotation::{Annotation, AnnotationKind};
pub use attention::{Attention, AttentionIncident};
pub use change_notice::ChangeNotice;
pub use dashboard::{
    Arrivals, CurrentPhase, Dashboard, ErrorPanel, FeatureRow, Point, TimingRow, VitalPanel,
    WINDOW_MINUTES,
};
pub use flags::{ExplainedAnswer, Explanation, FlagRow};
pub use incident::IncidentView;
pub use progress::{Counts, FIRST_MINUTES, FeedbackSummary, FirstMinutes, KpiValue};
pub use reach::Reach;
pub use review::{REVIEW_DAYS, Review};
pub use rollout::{RolloutSummary, RolloutView};
