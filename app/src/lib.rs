//! The admin UI: the server renders pages, and their islands run in the browser.
//!
//! Every page works without a script: its URL holds the query, and changes are forms, sent to server
//! functions. Islands send them in place and follow what others do. The browser downloads only the
//! islands of the page, however many pages there are.

#![allow(unreachable_pub, reason = "Leptos' component macro makes a `pub fn` of every component")]

#[cfg(feature = "ssr")]
mod app;
mod charts;
mod components;
#[cfg(feature = "ssr")]
mod cookies;
#[cfg(feature = "ssr")]
mod embedding;
mod format;
mod islands;
mod models;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod sentences;
mod server_fns;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use cookies::{ENVIRONMENT_COOKIE, done_cookie};
#[cfg(feature = "ssr")]
pub use embedding::Embedding;
#[cfg(feature = "ssr")]
pub use models::Done;
#[cfg(feature = "ssr")]
pub use request::{AnsweredForm, PostedForm, RefusedForm, selected_environment};
#[cfg(feature = "ssr")]
pub use server_fns::SimulationStarter;
#[cfg(feature = "ssr")]
pub use server_fns::list_server_fns;
pub use server_fns::{ApiError, ApiErrorCode};
#[cfg(feature = "ssr")]
pub use shell::{AssetUrls, render_shell};
