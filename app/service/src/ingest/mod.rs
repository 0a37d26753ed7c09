//! Ingestion of telemetry: quotas, the queue, rejections, screenshots and simulations.

mod accept;
mod append;
mod counts;
mod digests;
mod events;
mod labels;
mod queue;
mod quota;
mod raw_batch;
mod rejections;
mod screenshots;
mod simulation;

pub use crate::runtime::Appended;
pub use accept::{AcceptedBatch, BatchError, RejectedEvent, accept_batch};
pub use append::append_batches;
pub use counts::{EventCount, read_arrivals, read_event_counts};
pub(crate) use digests::user_digest;
pub use queue::{
    Turn, ingest_batch, is_full_since, is_overrun, last_event_at, reserve_queue_place, write_queued,
};
pub use quota::{admit_batch, admit_screenshot, admit_simulation, bytes_today};
pub use rejections::{
    REJECTION_DAYS, count_deferral, count_rejection, read_rejections, write_rejections,
};
pub use screenshots::{read_screenshot, save_screenshot};
pub use simulation::{
    begin_simulation, claim_simulation, read_simulation, record_simulation_progress,
    remove_simulation, simulation_progress,
};
