//! The demo: an exercise library as an app team would write it, with the collector embedded.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::{
    http::{AppState, Problem},
    routes::assets::{self, Caching},
};

/// A strict policy without inline scripts and styles, as apps may have.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// Returns the routes below `/demo`; none unless the demo is enabled.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    if !state.settings.has_demo {
        return Router::new();
    }
    Router::new().route("/demo", get(demo_page)).route("/demo/{file}", get(demo_file))
}

async fn demo_page(State(state): State<AppState>) -> Response {
    let key = state.service.first_client_key();
    match (assets::asset_text("demo/index.html"), key) {
        (Some(html), Some(key)) => {
            let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
            (policy, Html(html.replace("{{client_key}}", &escape_html(&key)))).into_response()
        }
        _ => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "this server was built without its browser assets; build it with: cargo xtask build",
        )
        .into_response(),
    }
}

/// Escapes the client key for HTML, because it may be configured freely.
fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

async fn demo_file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let path = match file.as_str() {
        // A file of its own, because the page's policy forbids inline scripts.
        "stub.js" => file,
        _ => format!("demo/{file}"),
    };
    assets::respond_with_asset(&path, Caching::Revalidate, &headers)
}
