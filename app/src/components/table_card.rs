//! A card with a table, or a word about why there is none.

use leptos::prelude::*;

#[component]
pub(crate) fn TableCard(
    /// Also names the elements, so it is unique on the page.
    id: &'static str,
    #[prop(into)] title: String,
    /// What is counted, if the title does not say it all.
    #[prop(optional)]
    hint: &'static str,
    /// Links to it as a file.
    #[prop(optional)]
    exports: Option<AnyView>,
    columns: Vec<&'static str>,
    /// Shown when there are no rows.
    empty: AnyView,
    rows: Vec<AnyView>,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    let table = if rows.is_empty() {
        view! { <p class="hint">{empty}</p> }.into_any()
    } else {
        let columns = columns.into_iter().map(|column| view! { <th scope="col">{column}</th> });
        view! {
            <div class="table-scroll">
                <table data-testid=id>
                    <thead><tr>{columns.collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let hint = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> });
    view! {
        <section class="card" aria-labelledby=labelled_by>
            <header class="card-head"><h2 id=title_id>{title}</h2>{hint}{exports}</header>
            {table}
        </section>
    }
}
