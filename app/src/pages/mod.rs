//! One page per file or folder.

mod account;
mod account_link;
mod alerts;
mod analytics;
mod audit;
mod dashboard;
mod debugger;
mod docs;
mod flags;
mod install;
mod login;
mod not_found;
mod performance;
mod rollout;
mod search;
mod segments;
mod settings;

pub(crate) use self::{
    account::AccountPage,
    account_link::AccountLinkPage,
    alerts::AlertsPage,
    analytics::AnalyticsPage,
    audit::AuditPage,
    dashboard::DashboardPage,
    debugger::DebuggerPage,
    docs::MetricsPage,
    flags::{FlagEditPage, FlagPage, FlagsPage, NewFlagPage},
    install::InstallPage,
    login::LoginPage,
    not_found::NotFoundPage,
    performance::PerformancePage,
    rollout::{
        EmergencyPage, IncidentPage, NewRolloutPage, PlanEditPage, PlanPage, ReviewPage,
        RolloutPage,
    },
    search::SearchPage,
    segments::{SegmentPage, SegmentsPage},
    settings::{AccountsPage, FilesPage, SettingsPage, UserDataPage},
};
