//! Telemetry of pages: batches of events of one visit.

mod arm;
mod event;
mod rejection;
mod report;
mod visit;

pub use arm::Arm;
pub use event::{Batch, BatchKey, Event, EventKind, TaskOutcome, TimingKind};
pub use rejection::{Rejection, RejectionCode};
pub use report::{Report, ReportBody, ReportGroup, StoredReport};
pub use visit::{NetworkHash, SessionHash, UserHash, Visit};
