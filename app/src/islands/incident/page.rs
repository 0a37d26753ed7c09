//! The state of an incident's page.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, ids::EnvironmentKey};

use crate::{
    islands::page_state::{LiveView, PageState},
    models::IncidentPage,
    server_fns::{ApiError, incidents::read_incident},
};

/// The state that the components of this folder find in their context.
pub(super) type Page = PageState<IncidentPage>;

impl LiveView for IncidentPage {
    fn read_at(&self) -> Timestamp {
        self.at
    }

    fn read_again(
        &self,
        environment: EnvironmentKey,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + 'static {
        let id = self.id;
        async move { read_incident(environment, id).await.map(Some) }
    }
}

/// The field of every form of the page that names the incident.
pub(super) fn incident_fields(page: Page) -> AnyView {
    let id = page.peek(|page| page.id.to_string());
    view! { <input type="hidden" name="incident" value=id/> }.into_any()
}
