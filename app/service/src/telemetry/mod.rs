//! Taking in what pages report.

mod counts;
mod digests;
mod ingest;
mod screenshots;
mod upkeep;

pub use counts::{EventCount, arrivals, event_counts};
pub use digests::{person, session};
pub use ingest::{IngestQueue, MAX_QUEUED_BATCHES, ingest, write_queued};
pub(crate) use screenshots::ScreenshotLimiter;
pub use screenshots::{save_screenshot, screenshot};
pub use upkeep::forget_old;
