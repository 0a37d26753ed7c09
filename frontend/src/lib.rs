//! The browser entry of the admin UI: the islands of the pages that the server renders.

use wasm_bindgen::prelude::wasm_bindgen;

// The islands are exported by name; the page calls the ones that it has.
use phasegate_app as _;

/// Called by the page once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
