//! One page per file or folder.

mod analytics;
mod audit;
mod dashboard;
mod debugger;
mod flags;
mod install;
mod login;
mod not_found;
mod performance;
mod rollout;
mod segments;
mod settings;

pub(crate) use self::{
    analytics::AnalyticsPage,
    audit::AuditPage,
    dashboard::DashboardPage,
    debugger::DebuggerPage,
    flags::{FlagEditPage, FlagPage, FlagsPage, NewFlagPage},
    install::InstallPage,
    login::LoginPage,
    not_found::NotFoundPage,
    performance::PerformancePage,
    rollout::{EmergencyPage, IncidentPage, PlanEditPage, PlanPage, ReviewPage, RolloutPage},
    segments::{SegmentPage, SegmentsPage},
    settings::{FilesPage, SettingsPage, UserDataPage},
};
