//! What people do, from sets of who did what on which day.

mod adoption;
mod presence;
mod retention;

pub use adoption::{Adoption, CrossUse, adoption, cross_use};
pub use presence::Presence;
pub use retention::{Cohort, RETENTION_DAYS, Retention, retention};
