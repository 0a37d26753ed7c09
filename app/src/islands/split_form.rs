//! The form that evaluates a flag for many users.

use leptos::prelude::*;

use super::{fn_form::page_field, outcome::Outcome};
use crate::{components::live, models::SplitTable, server_fns::debugger::EvaluateUsers};

/// The form, and the table that it leads to.
#[island(lazy)]
pub(crate) fn SplitForm(
    /// The key of the environment.
    environment: String,
    /// The table, if a form without a script has asked for it.
    split: Option<SplitTable>,
    children: Children,
) -> impl IntoView {
    let action = ServerAction::<EvaluateUsers>::new();
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    view! {
        <ActionForm action attr:class="stack">
            <input type="hidden" name="environment" value=environment/>
            {page_field()}
            {children()}
            <Outcome pending=action.pending() error/>
        </ActionForm>
        {live(move || match action.value().get().and_then(Result::ok).or_else(|| split.clone()) {
            Some(split) => render_split(split),
            None => ().into_any(),
        })}
    }
}

fn render_split(split: SplitTable) -> AnyView {
    let SplitTable { title, rows, users } = split;
    let row = |(variant, count, share): (String, String, String)| {
        view! {
            <tr>
                <th scope="row"><code>{variant}</code></th>
                <td class="is-number">{count}</td>
                <td class="is-number">{share}</td>
            </tr>
        }
        .into_any()
    };
    let user = |(user, variant): (String, String)| {
        view! { <tr><td><code>{user}</code></td><td>{variant}</td></tr> }.into_any()
    };
    let rows: Vec<AnyView> = rows.into_iter().map(row).collect();
    let users: Vec<AnyView> = users.into_iter().map(user).collect();
    view! {
        <section class="card stack" data-testid="split">
            <h2>{title}</h2>
            <div class="table-scroll" tabindex="0">
                <table>
                    <thead><tr><th scope="col">"Variant"</th><th scope="col">"Users"</th><th scope="col">"Share"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <details><summary>"Variant of each user"</summary>
                <div class="table-scroll table-tall" tabindex="0"><table><tbody>{users}</tbody></table></div>
            </details>
        </section>
    }
    .into_any()
}
