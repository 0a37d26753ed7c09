//! Taking in what pages report.

mod counts;
mod digests;
mod ingest;
mod persons;
mod quota;
mod refusals;
mod screenshots;
mod simulation;
mod upkeep;

pub use counts::{EventCount, arrivals, event_counts};
pub use digests::{network, person, session};
pub use ingest::{
    IngestQueue, MAX_QUEUED_BATCHES, Turn, heard_at, ingest, is_full_since, is_overrun, take_turn,
    write_queued,
};
pub use persons::{forget_person, person_data};
pub(crate) use quota::Quotas;
pub use quota::{DAILY_BYTES, QuotaExceeded, admit, admit_picture, admit_simulation, bytes_today};
pub(crate) use refusals::RefusalBook;
pub use refusals::{REFUSAL_DAYS, note_deferral, note_refusal, refusals, write_refusals};
pub(crate) use screenshots::ScreenshotLimiter;
pub use screenshots::{save_screenshot, screenshot};
pub(crate) use simulation::Simulations;
pub use simulation::{begin_simulation, note_progress, progress, remove_simulation, simulation};
pub(crate) use upkeep::forget_environment;
pub use upkeep::{forget_old, retention, save_retention, sizes};
