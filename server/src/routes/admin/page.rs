//! Rendering of the admin's pages.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use leptos::prelude::provide_context;
use phasegate_app::{Embedding, render_shell};
use phasegate_service::secrets::Randomness;

use super::{form::read_form, simulation::simulation_starter};
use crate::{clock, http::AppState, routes::assets};

/// Returns a function that provides the Leptos context of pages.
pub(super) fn page_context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let service = Arc::clone(&state.service);
    let embedding = Embedding {
        public_url: state.settings.public_url.clone(),
        integrity: assets::asset_integrity("collector.js"),
        stub: assets::collector_stub(),
        stub_digest: assets::asset_integrity("stub.js").unwrap_or_default(),
        has_demo: state.settings.has_demo,
    };
    let simulation = simulation_starter(state);
    let randomness: Randomness = || clock::generate_seed().ok();
    move || {
        provide_context(Arc::clone(&service));
        provide_context(randomness);
        provide_context(embedding.clone());
        provide_context(simulation.clone());
    }
}

/// Renders the page of a request.
pub(super) async fn render_page(State(state): State<AppState>, request: Request) -> Response {
    let request = match read_form(&state, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let urls = assets::admin_asset_urls();
    let render = leptos_axum::render_app_async_with_context(page_context(&state), move || {
        render_shell(&urls)
    });
    render(request).await.into_response()
}
