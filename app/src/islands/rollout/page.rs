//! The state of the rollout page.

use phasegate_domain::{Timestamp, ids::EnvironmentKey};

use crate::{
    islands::page_state::{LiveView, PageState},
    models::RolloutPage,
    server_fns::{ApiError, rollout::read_rollout},
};

/// The state that the components of this folder find in their context.
pub(super) type Page = PageState<RolloutPage>;

impl LiveView for RolloutPage {
    fn read_at(&self) -> Timestamp {
        self.at
    }

    fn read_again(
        &self,
        environment: EnvironmentKey,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + 'static {
        read_rollout(environment)
    }
}
