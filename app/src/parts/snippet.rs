//! Code snippets with a copy button.

use leptos::prelude::*;

use crate::islands::CopyButton;

/// A piece of code with a button that copies it.
#[component]
pub(crate) fn Snippet(
    /// The id of the code element.
    id: &'static str,
    /// The code that is copied.
    code: String,
) -> impl IntoView {
    view! {
        <div class="snippet">
            <pre tabindex="0"><code id=id>{code}</code></pre>
            <CopyButton of=id.to_owned()/>
        </div>
    }
}
