//! Rendering of the admin's pages.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{Method, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::provide_context;
use phasegate_app::{Embedding, render_shell, selected_environment};
use phasegate_domain::accounts::Account;
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

/// Sends a browser to the address that names the environment, so that the address shows the same to
/// every account. Other clients get the page of the environment that they have selected.
fn name_environment(state: &AppState, request: &Request) -> Option<Response> {
    let (uri, headers) = (request.uri(), request.headers());
    let is_page = request.method() == Method::GET
        && uri.path().starts_with("/admin/")
        && request.extensions().get::<Account>().is_some()
        && headers.get(header::ACCEPT)?.to_str().ok()?.contains("text/html");
    let query = uri.query().unwrap_or_default();
    let is_named = query.split('&').any(|field| field.starts_with("environment="));
    if !is_page || is_named {
        return None;
    }
    let environment = selected_environment(&state.service, headers).ok()?;
    let live = state.service.environment(environment).ok()?;
    let (path, key) = (uri.path(), &live.environment().key);
    let lead = if query.is_empty() { String::new() } else { format!("{query}&") };
    Some(Redirect::temporary(&format!("{path}?{lead}environment={key}")).into_response())
}

/// Answers a request for a page: with the page, or with the address that names its environment.
pub(super) async fn show_page(State(state): State<AppState>, request: Request) -> Response {
    match name_environment(&state, &request) {
        Some(elsewhere) => elsewhere,
        None => render_page(State(state), request).await,
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
