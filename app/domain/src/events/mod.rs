//! Telemetry of pages: batches of events of one visit.

mod arm;
mod event;
mod rejection;
mod visit;

pub use arm::Arm;
pub use event::{Batch, Event, EventKind, TaskOutcome, TimingKind};
pub use rejection::{Rejection, RejectionCode};
pub use visit::{NetworkHash, SessionHash, UserHash, Visit};
