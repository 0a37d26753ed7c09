//! Product analytics, computed from user sets by activity and day.

mod activity_index;
mod adoption;
mod retention;

pub use activity_index::ActivityIndex;
pub use adoption::{Adoption, CrossUse, compute_adoption, compute_cross_use};
pub use retention::{Cohort, RETENTION_DAYS, ReturnRate, compute_retention};
