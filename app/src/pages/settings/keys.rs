//! Client keys.

use leptos::prelude::*;
use phasegate_service::models::ClientKey;

use crate::{
    parts::FnForm,
    server_fns::keys::{CreateKey, DeleteKey, SaveKey},
};

#[component]
pub(super) fn ClientKeys(keys: Vec<ClientKey>, is_admin: bool) -> impl IntoView {
    let rows = keys
        .into_iter()
        .map(|key| {
            let name = key.name.clone();
            let origins = key.allowed_origins.join(", ");
            let shown = if origins.is_empty() { "any site".to_owned() } else { origins.clone() };
            let (public, version) = (key.key.clone(), key.version.to_string());
            let seen = move || {
                view! {
                    <input type="hidden" name="key" value=public.clone()/>
                    <input type="hidden" name="version" value=version.clone()/>
                }
            };
            let key_name = key.name.clone();
            let (saved, deleted) = (seen(), seen());
            let change = is_admin.then(move || view! {
                <details><summary>"Edit …"</summary>
                    <FnForm<SaveKey> class="stack">
                        {saved}
                        <label class="field"><span>"Name"</span><input type="text" name="name" value=key_name maxlength="100"/></label>
                        <label class="field"><span>"Allowed origins, comma-separated (empty: any)"</span>
                            <input type="text" name="origins" value=origins placeholder="https://shop.example"/></label>
                        <div><button class="button button-small" type="submit">"Save key"</button></div>
                    </FnForm<SaveKey>>
                    <FnForm<DeleteKey>>
                        {deleted}
                        <button class="button button-danger button-small" type="submit">"Delete key (pages that use it stop working)"</button>
                    </FnForm<DeleteKey>>
                </details>
            });
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td><code class="secret">{key.key}</code></td>
                    <td>{shown}</td>
                    <td>{change}</td>
                </tr>
            }
        })
        .collect_view();
    let add = is_admin.then(|| view! {
        <FnForm<CreateKey> class="filters">
            <label class="field"><span>"Name"</span><input type="text" name="name" required maxlength="100" autocomplete="off"/></label>
            <label class="field"><span>"Allowed origins, comma-separated (empty: any)"</span>
                <input type="text" name="origins" placeholder="https://shop.example" autocomplete="off"/></label>
            <button class="button" type="submit">"Create client key"</button>
        </FnForm<CreateKey>>
    });
    view! {
        <section aria-labelledby="keys-title">
            <h2 id="keys-title">"Client keys"</h2>
            <p class="hint">"Public keys for pages. They can only evaluate flags and send telemetry."</p>
            <div class="table-scroll" tabindex="0">
                <table class="table-text" data-testid="keys">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Key"</th><th scope="col">"Allowed origins"</th>
                        <th scope="col"><span class="visually-hidden">"Edit"</span></th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {add}
        </section>
    }
}
