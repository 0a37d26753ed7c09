//! The dashboard: the last hour, live.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::dashboard::compute_dashboard;

use crate::{
    islands::{Charted, LiveCharts},
    parts::render_page,
};

#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    view! {
        <Title text="Dashboard"/>
        {render_page(|request| async move {
            let first = compute_dashboard(&request.service, &request.actor, request.environment).await?;
            Ok(view! { <LiveCharts first=Charted::Dashboard(first)/> }.into_any())
        })}
    }
}
