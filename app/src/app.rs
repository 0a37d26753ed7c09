//! The routes of the admin UI.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    components::Frame,
    pages::{DashboardPage, FlagsPage, LoginPage, NotFoundPage, RolloutPage},
};

/// All pages. Runs on both sides.
///
/// The server renders pages in one piece (`render_app_async`), so that they are whole without a
/// script and their status is right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| format!("{title} · Phasegate")/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/login") view=LoginPage/>
                <ParentRoute path=path!("/admin") view=Frame>
                    <Route path=path!("") view=|| view! { <Redirect path="/admin/rollout"/> }/>
                    <Route path=path!("rollout") view=RolloutPage/>
                    <Route path=path!("flags") view=FlagsPage/>
                    <Route path=path!("dashboard") view=DashboardPage/>
                    <Route path=path!("*any") view=NotFoundPage/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
