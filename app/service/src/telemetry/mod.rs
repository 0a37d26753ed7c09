//! Ingestion of telemetry, and its upkeep.

mod counts;
mod digests;
mod ingest;
mod maintenance;
mod persons;
mod quota;
mod rejections;
mod screenshots;
mod simulation;

pub use counts::{EventCount, arrivals, event_counts};
pub use digests::{network, person, session};
pub use ingest::{
    IngestQueue, MAX_QUEUED_BATCHES, Turn, heard_at, ingest, is_full_since, is_overrun, take_turn,
    write_queued,
};
pub(crate) use maintenance::forget_environment;
pub use maintenance::{purge_expired, retention, save_retention, sizes};
pub use persons::{erase_user, person_data};
pub(crate) use quota::Quotas;
pub use quota::{DAILY_BYTES, QuotaExceeded, admit, admit_picture, admit_simulation, bytes_today};
pub(crate) use rejections::RejectionCounts;
pub use rejections::{REFUSAL_DAYS, note_deferral, note_refusal, refusals, write_refusals};
pub(crate) use screenshots::ScreenshotLimiter;
pub use screenshots::{save_screenshot, screenshot};
pub(crate) use simulation::Simulations;
pub use simulation::{begin_simulation, note_progress, progress, remove_simulation, simulation};
