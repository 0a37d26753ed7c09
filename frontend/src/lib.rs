//! The browser entry of the admin UI: takes over the page that the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(phasegate_app::App);
}
