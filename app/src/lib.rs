//! The admin UI: rendered on the server, hydrated in the browser.
//!
//! Every page works before hydration and without it: what a page asks is in its URL, and what
//! it changes is a form. The browser then only makes it faster and live.

#![allow(unreachable_pub, reason = "Leptos' component macro makes a `pub fn` of every component")]

mod api;
mod app;
mod charts;
mod components;
mod format;
mod pages;
#[cfg(feature = "ssr")]
mod shell;

pub use api::ApiError;
pub use app::App;
#[cfg(feature = "ssr")]
pub use shell::{AssetUrls, shell};
