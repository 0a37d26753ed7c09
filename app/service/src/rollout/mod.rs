//! The rollout as the admin sees and moves it.

mod command;
mod status;
mod view;

pub use command::{add, command, instead};
pub use status::RolloutStatus;
pub use view::{current_phase, view};
