//! Reactive views of one type each. A closure has a type of its own, and Leptos compiles its whole
//! machinery for every type; boxed, all closures share one, which halves the download.

use leptos::prelude::*;

/// A part of a page that follows a signal.
pub(crate) fn live(render: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    boxed_view(Box::new(render))
}

fn boxed_view(render: Box<dyn Fn() -> AnyView + Send + Sync>) -> AnyView {
    (move || render()).into_any()
}

/// A text that follows a signal.
pub(crate) fn live_text(read: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    boxed_text(Box::new(read))
}

fn boxed_text(read: Box<dyn Fn() -> String + Send + Sync>) -> AnyView {
    (move || read()).into_any()
}
