//! The rollout: its commands, its plan and its views.

mod attention;
mod command;
mod feedback;
mod incident;
mod kill;
mod kpis;
mod minutes;
mod plan;
mod reach;
mod review;
mod status;
mod stored;
mod templates;
mod view;

pub use attention::read_attention;
pub use command::{add_to_record, execute_command};
pub use incident::{check_may_write, read_incident};
pub use kill::revive_killed_flags;
pub use plan::{
    PlanBase, PlanChange, PlanImport, compare_plan, export_plan, import_plan, plan_text, read_plan,
    try_plan,
};
pub use review::read_review;
pub use status::RolloutOverview;
pub use templates::{NewRollout, PLAN_TEMPLATES, PlanTemplate, create_rollout, find_template};
pub use view::{current_phase, read_rollout_summary, read_rollout_version, read_rollout_view};
