//! The state of the rollout page.

use leptos::prelude::*;
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

/// The command whose confirmation is open, as `?confirm=` names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenCommand(pub(super) RwSignal<Option<String>>);

impl OpenCommand {
    /// Returns the signal of the page that a component is part of.
    #[allow(clippy::expect_used, reason = "the components of an island are only used in it")]
    pub(super) fn from_context() -> RwSignal<Option<String>> {
        let Self(asked) = use_context().expect("the island provides it");
        asked
    }
}
