//! A card with a table, or with a text if the table is empty.

use leptos::prelude::*;

#[component]
pub(crate) fn TableCard(
    /// Also the prefix of element ids, so it must be unique on the page.
    id: &'static str,
    #[prop(into)] title: String,
    /// Explains what the table counts.
    #[prop(optional)]
    hint: &'static str,
    /// The id of the definition of its numbers; empty without one.
    #[prop(optional)]
    definition: &'static str,
    /// Links that export the table.
    #[prop(optional)]
    exports: Option<AnyView>,
    columns: Vec<&'static str>,
    /// Shown when there are no rows.
    empty: AnyView,
    rows: Vec<AnyView>,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    let label = format!("{title}, table");
    let table = if rows.is_empty() {
        view! { <p class="hint">{empty}</p> }.into_any()
    } else {
        let columns = columns.into_iter().map(|column| view! { <th scope="col">{column}</th> });
        view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=label>
                <table data-testid=id>
                    <thead><tr>{columns.collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let definition = (!definition.is_empty()).then(|| {
        let href = format!("/docs/metrics#{definition}");
        view! { <a class="hint" href=href rel="external">"Definition"</a> }
    });
    let hint = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> });
    view! {
        <section class="card" aria-labelledby=labelled_by>
            <header class="card-head"><h2 id=title_id>{title}</h2>{hint}{definition}{exports}</header>
            {table}
        </section>
    }
}
