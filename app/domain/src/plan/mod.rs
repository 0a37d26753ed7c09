//! The plan of a rollout: phases with audience, flags, criteria and checklists, and its KPIs.

mod arm;
mod criterion;
mod document;
mod kpi;
mod revision;
mod target;
mod target_problem;
mod text;
mod validate;

pub(crate) use arm::MAX_HALVINGS;
pub use criterion::Criterion;
pub use document::{AudienceEntry, ChecklistGroup, ChecklistItem, Contact, Phase, Plan, PlanFile};
pub use kpi::{Kpi, KpiGroup, MAX_WINDOW_DAYS};
pub use revision::Revision;
pub use target::{Comparator, ComparedWith, CriterionMetric, Target};
pub use target_problem::TargetProblem;
pub use text::{
    InvalidLine, audience_line, criterion_line, kpi_line, parse_audience, parse_criterion,
    parse_kpi,
};
pub use validate::InvalidPlan;
#[cfg(test)]
pub(crate) use validate::tests::plan_file;
