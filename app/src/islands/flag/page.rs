//! The state of the page.

use phasegate_domain::{Timestamp, ids::EnvironmentKey};

use crate::{
    islands::page_state::{LiveView, PageState},
    models::FlagPage,
    server_fns::{ApiError, flags::read_flag},
};

/// The state that the components of this folder find in their context.
pub(super) type Page = PageState<FlagPage>;

impl LiveView for FlagPage {
    fn read_at(&self) -> Timestamp {
        self.at
    }

    fn read_again(
        &self,
        environment: EnvironmentKey,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + 'static {
        let call = read_flag(environment, self.key.clone());
        async move { call.await.map(Some) }
    }
}
