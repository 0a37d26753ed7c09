//! The state of the page.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, ids::EnvironmentKey};

use crate::{
    islands::page_state::{LiveView, PageState},
    models::FlagPage,
    server_fns::{ApiError, flags::read_flag},
};

/// The state that the components of this folder find in their context.
pub(super) type Page = PageState<FlagPage>;

/// What the address asks to confirm, such as `kill`; with a script, it opens in place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked(pub(super) RwSignal<Option<String>>);

impl Asked {
    #[allow(clippy::expect_used, reason = "the components of an island are only used in it")]
    pub(super) fn from_context() -> RwSignal<Option<String>> {
        let Self(asked) = use_context().expect("the island provides it");
        asked
    }
}

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
