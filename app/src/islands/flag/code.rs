//! Code that evaluates the flag.

use leptos::prelude::*;

use super::page::Page;
use crate::islands::copy::CopyText;

/// A piece of code for each SDK, behind a summary.
#[component]
pub(super) fn Code() -> impl IntoView {
    let code = Page::from_context().peek(|page| page.code.clone());
    let parts = code.into_iter().enumerate().map(|(index, (title, code))| {
        let id = format!("code-{index}");
        view! {
            <h3>{title}</h3>
            <div class="snippet"><pre tabindex="0"><code id=id.clone()>{code}</code></pre><CopyText of=id/></div>
        }
        .into_any()
    });
    let parts: Vec<AnyView> = parts.collect();
    view! { <details class="card" data-testid="code"><summary>"Code that evaluates this flag"</summary>{parts}</details> }
}
