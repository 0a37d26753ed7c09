//! The routes of the admin UI.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    pages::{
        AccountLinkPage, AccountPage, AccountsPage, AlertsPage, AnalyticsPage, AuditPage,
        DashboardPage, DebuggerPage, EmergencyPage, FilesPage, FlagEditPage, FlagPage, FlagsPage,
        IncidentPage, InstallPage, LoginPage, MetricsPage, NewFlagPage, NewRolloutPage,
        NotFoundPage, PerformancePage, PlanEditPage, PlanPage, ReviewPage, RolloutPage, SearchPage,
        SegmentPage, SegmentsPage, SettingsPage, UserDataPage,
    },
    parts::Frame,
};

/// Routes every page. Pages are complete without a script and set their HTTP status.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| format!("{title} · Phasegate")/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/login") view=LoginPage/>
                <Route path=path!("/docs/metrics") view=MetricsPage/>
                <Route path=path!("/login/link") view=AccountLinkPage/>
                <ParentRoute path=path!("/admin") view=Frame>
                    <Route path=path!("") view=|| view! { <Redirect path="/admin/rollout"/> }/>
                    <Route path=path!("account") view=AccountPage/>
                    <Route path=path!("alerts") view=AlertsPage/>
                    <Route path=path!("search") view=SearchPage/>
                    <Route path=path!("rollout") view=RolloutPage/>
                    <Route path=path!("rollout/emergency") view=EmergencyPage/>
                    <Route path=path!("rollout/incident") view=IncidentPage/>
                    <Route path=path!("rollout/new") view=NewRolloutPage/>
                    <Route path=path!("rollout/plan") view=PlanPage/>
                    <Route path=path!("rollout/plan/edit") view=PlanEditPage/>
                    <Route path=path!("rollout/review") view=ReviewPage/>
                    <Route path=path!("flags") view=FlagsPage/>
                    <Route path=path!("flags/new") view=NewFlagPage/>
                    <Route path=path!("flags/:key") view=FlagPage/>
                    <Route path=path!("flags/:key/edit") view=FlagEditPage/>
                    <Route path=path!("segments") view=SegmentsPage/>
                    <Route path=path!("segments/:key") view=SegmentPage/>
                    <Route path=path!("debugger") view=DebuggerPage/>
                    <Route path=path!("dashboard") view=DashboardPage/>
                    <Route path=path!("analytics") view=AnalyticsPage/>
                    <Route path=path!("performance") view=PerformancePage/>
                    <Route path=path!("install") view=InstallPage/>
                    <Route path=path!("audit") view=AuditPage/>
                    <Route path=path!("settings") view=SettingsPage/>
                    <Route path=path!("settings/accounts") view=AccountsPage/>
                    <Route path=path!("settings/files") view=FilesPage/>
                    <Route path=path!("settings/user-data") view=UserDataPage/>
                    <Route path=path!("*any") view=NotFoundPage/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
