//! The rollout as the admin sees and moves it.

mod command;
mod view;

pub use command::command;
pub use view::{current_phase, view};
