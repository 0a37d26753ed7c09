//! The HTML around the app.

use axum::http::request::Parts;
use leptos::{
    nonce::{Nonce, use_nonce},
    prelude::*,
};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::{app::App, request::selected_theme};

/// The URLs of the page's assets, which change with their content.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct AssetUrls {
    pub style: String,
    pub icon: String,
    /// The icon while something needs attention.
    pub alert_icon: String,
    /// The JavaScript module and the WASM; `None` in a server built without them.
    pub script: Option<(String, String)>,
}

/// Pages that the browser loads when the pointer rests on their link. A link to another environment is
/// none of them: loading it already selects the environment.
const PREFETCH: &str = r#"{"prefetch":[{"where":{"and":[{"href_matches":"/admin/*"},{"not":{"href_matches":"/admin/export*"}},{"not":{"href_matches":"/*.(csv|json|md)*"}},{"not":{"selector_matches":".environment a"}}]},"eagerness":"moderate"}]}"#;

/// Renders the HTML document, with a content security policy for its own assets only.
#[must_use]
pub fn render_shell(assets: &AssetUrls) -> impl IntoView + use<> {
    let nonce = use_nonce();
    let prefetch_nonce = nonce.clone();
    set_security_policy(nonce.as_ref());
    let AssetUrls { style, icon, alert_icon, script } = assets.clone();
    let theme = use_context::<Parts>().map(|parts| selected_theme(&parts.headers));
    let theme = theme.unwrap_or_default().as_str();
    let calm_icon = icon.clone();
    let hydrate = script.map(|(module, wasm)| {
        // Each island is hydrated by the function that it names. Leaving the page while the module
        // loads aborts the request, which is not an error.
        let code = format!(
            "import init, * as islands from {module:?};\n\
             let isLeaving = false;\n\
             const [loaded] = performance.getEntriesByType('navigation');\n\
             if (loaded?.deliveryType === 'navigational-prefetch') document.documentElement.dataset.prefetched = '';\n\
             addEventListener('beforeunload', () => {{ isLeaving = true; }});\n\
             try {{\n\
             await init({{ module_or_path: {wasm:?} }});\n\
             islands.hydrate();\n\
             for (const island of document.querySelectorAll('leptos-island'))\n\
             islands[island.dataset.component]?.(island);\n\
             }} catch (error) {{ if (!isLeaving) throw error; }}"
        );
        view! {
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
            <script r#type="module" nonce=nonce inner_html=code></script>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" r#type="image/svg+xml" href=icon data-calm=calm_icon data-alert=alert_icon/>
                <link rel="stylesheet" href=style/>
                {hydrate}
                <script r#type="speculationrules" nonce=prefetch_nonce inner_html=PREFETCH></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

fn set_security_policy(nonce: Option<&Nonce>) {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), nonce) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = axum::http::HeaderValue::from_str(&policy) {
        response.insert_header(axum::http::header::CONTENT_SECURITY_POLICY, policy);
    }
}
