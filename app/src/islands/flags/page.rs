//! The state of the page.

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentKey, FlagKey},
};

use crate::{
    islands::page_state::{LiveView, PageState},
    models::FlagList,
    server_fns::{ApiError, flags::list_flags},
};

/// The state that the components of this folder find in their context.
pub(super) type Page = PageState<FlagList>;

/// The flag whose switch asks for confirmation.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedSwitch(pub(super) RwSignal<Option<FlagKey>>);

impl LiveView for FlagList {
    fn read_at(&self) -> Timestamp {
        self.at
    }

    fn read_again(
        &self,
        environment: EnvironmentKey,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + 'static {
        let call = list_flags(environment, self.filter.clone());
        async move { call.await.map(Some) }
    }
}
