//! The admin UI: pages are made on the server, and islands of them live in the browser.
//!
//! Every page works without a script: what a page asks is in its URL, and what it changes is a
//! form that the page itself takes. Islands then make it live. So the browser downloads the
//! islands only, however many pages there are.

#![allow(unreachable_pub, reason = "Leptos' component macro makes a `pub fn` of every component")]

#[cfg(feature = "ssr")]
mod app;
mod charts;
mod components;
#[cfg(feature = "ssr")]
mod embedding;
mod format;
mod islands;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use embedding::Embedding;
#[cfg(feature = "ssr")]
pub use request::{ENVIRONMENT_COOKIE, Form, selected_environment};
#[cfg(feature = "ssr")]
pub use shell::{AssetUrls, shell};
