//! Taking in telemetry: what one client may send, the queue, rejections, screenshots and simulations.

mod counts;
mod digests;
mod queue;
mod quota;
mod rejections;
mod screenshots;
mod simulation;

pub use counts::{EventCount, arrivals, event_counts};
pub use digests::{network, session, user_digest};
pub use queue::{Turn, ingest, is_full_since, is_overrun, last_event_at, take_turn, write_queued};
pub use quota::{admit, admit_picture, admit_simulation, bytes_today};
pub use rejections::{REFUSAL_DAYS, note_deferral, note_refusal, refusals, write_refusals};
pub use screenshots::{save_screenshot, screenshot};
pub use simulation::{
    begin_simulation, claim_simulation, note_progress, progress, remove_simulation, simulation,
};
