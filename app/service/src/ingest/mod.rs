//! Ingestion of telemetry: quotas, the queue, rejections, screenshots and simulations.

mod accept;
mod counts;
mod digests;
mod events;
mod queue;
mod quota;
mod raw_batch;
mod rejections;
mod screenshots;
mod simulation;

pub use accept::{AcceptedBatch, BatchError, RejectedEvent, accept};
pub use counts::{EventCount, arrivals, event_counts};
pub(crate) use digests::user_digest;
pub use queue::{Turn, ingest, is_full_since, is_overrun, last_event_at, take_turn, write_queued};
pub use quota::{admit, admit_picture, admit_simulation, bytes_today};
pub use rejections::{
    REJECTION_DAYS, count_deferral, count_rejection, rejections, write_rejections,
};
pub use screenshots::{save_screenshot, screenshot};
pub use simulation::{
    begin_simulation, claim_simulation, note_progress, progress, remove_simulation, simulation,
};
