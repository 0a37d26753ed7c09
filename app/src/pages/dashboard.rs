//! The dashboard: the last hour, live.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::dashboard::dashboard;

use crate::{islands::LiveDashboard, parts::page};

#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    view! {
        <Title text="Dashboard"/>
        {page(|request| async move {
            let first = dashboard(&request.service, &request.actor, request.environment).await?;
            Ok(view! { <LiveDashboard first/> }.into_any())
        })}
    }
}
