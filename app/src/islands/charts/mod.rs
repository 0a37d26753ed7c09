//! Charts that are read in the browser. The dashboard is one of them: all code that draws stands in one
//! lazy island, so that pages without charts do not load it.

mod chart;
mod dashboard;
mod pointer;
mod table;
mod time_zone;

use leptos::prelude::*;
use phasegate_domain::reports::Dashboard;
use serde::{Deserialize, Serialize};

use self::{chart::ChartView, dashboard::DashboardPanels};
use crate::charts::ChartSpec;

/// What an island of charts shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Charted {
    /// One chart of a page.
    One(ChartSpec),
    /// The dashboard, which follows the server.
    Dashboard(Dashboard),
}

/// A chart, or the dashboard with its charts.
#[island(lazy)]
pub(crate) fn LiveCharts(first: Charted) -> impl IntoView {
    match first {
        Charted::One(spec) => view! { <ChartView spec=Signal::stored(spec)/> }.into_any(),
        Charted::Dashboard(first) => view! { <DashboardPanels first/> }.into_any(),
    }
}
