//! The rollout: its commands, its plan and its views.

mod command;
mod feedback;
mod kpis;
mod minutes;
mod plan;
mod reach;
mod review;
mod status;
mod view;

pub use command::{add, command};
pub use plan::{
    PlanBase, PlanChange, PlanImport, export_plan, import_plan, plan_change, plan_text, read_plan,
    try_plan,
};
pub use review::review;
pub use status::RolloutOverview;
pub use view::{current_phase, summary, view};
