//! Links that export a panel as a file.

use leptos::prelude::*;

/// Links to a panel as CSV and JSON. `page` is the path of the panel's page, and `query` its query
/// string.
#[component]
pub(crate) fn Exports(page: &'static str, panel: &'static str, query: String) -> impl IntoView {
    let link = |ending: &str| format!("{page}.{ending}?panel={panel}&{query}");
    view! {
        <span class="exports">
            <a href=link("csv") rel="external" download aria-label=format!("{panel} as CSV")>"CSV"</a>" "
            <a href=link("json") rel="external" download aria-label=format!("{panel} as JSON")>"JSON"</a>
        </span>
    }
}
