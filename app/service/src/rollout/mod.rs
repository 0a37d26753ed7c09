//! The rollout as the admin sees and moves it.

mod command;
mod plan;
mod reach;
mod status;
mod view;

pub use command::{add, command, instead};
pub use plan::{PlanChange, export_plan, import_plan, plan_change, read_plan};
pub use status::RolloutStatus;
pub use view::{current_phase, view};
