//! Client keys.

use leptos::prelude::*;
use phasegate_service::models::ClientKey;
use phasegate_service::tokens::{
    ClientKeyFields, create_client_key, delete_client_key, read_client_key, save_client_key,
};

use crate::{
    parts::EnvironmentField,
    request::{Form, PageError, Request},
};

fn read_key_fields(form: &Form) -> ClientKeyFields {
    let origins = form.get("origins").split([',', '\n']).map(str::trim);
    ClientKeyFields {
        name: form.get("name").to_owned(),
        allowed_origins: origins.filter(|origin| !origin.is_empty()).map(str::to_owned).collect(),
    }
}

pub(super) async fn create_key(request: &Request, form: &Form) -> Result<AnyView, PageError> {
    let (service, actor, seed) = (&request.service, &request.actor, request.draw_seed()?);
    let made =
        create_client_key(service, actor, request.environment, &read_key_fields(form), &seed)
            .await?;
    Ok(view! {
        <p class="notice" role="status" data-testid="made">"Client key created: " <code class="secret">{made.key}</code></p>
    }
    .into_any())
}

async fn find_seen_key(request: &Request, form: &Form) -> Result<ClientKey, PageError> {
    let (service, actor) = (&request.service, &request.actor);
    let found = read_client_key(service, actor, request.environment, form.get("key")).await?;
    Ok(ClientKey { version: form.parse_version()?, ..found })
}

pub(super) async fn save_key(request: &Request, form: &Form) -> Result<(), PageError> {
    let seen = find_seen_key(request, form).await?;
    save_client_key(&request.service, &request.actor, &seen, &read_key_fields(form)).await?;
    Ok(())
}

pub(super) async fn delete_key(request: &Request, form: &Form) -> Result<(), PageError> {
    let seen = find_seen_key(request, form).await?;
    delete_client_key(&request.service, &request.actor, &seen).await?;
    Ok(())
}

#[component]
pub(super) fn ClientKeys(keys: Vec<ClientKey>, is_admin: bool) -> impl IntoView {
    let rows = keys
        .into_iter()
        .map(|key| {
            let name = key.name.clone();
            let origins = key.allowed_origins.join(", ");
            let shown = if origins.is_empty() { "any site".to_owned() } else { origins.clone() };
            let change = is_admin.then(|| view! {
                <form class="stack" method="post" action="/admin/settings"><EnvironmentField/>
                    <input type="hidden" name="key" value=key.key.clone()/>
                    <input type="hidden" name="version" value=key.version.to_string()/>
                    <details><summary>"Edit …"</summary>
                        <label class="field"><span>"Name"</span><input type="text" name="name" value=key.name.clone() maxlength="100"/></label>
                        <label class="field"><span>"Allowed origins, comma-separated (empty: any)"</span>
                            <input type="text" name="origins" value=origins placeholder="https://shop.example"/></label>
                        <div class="row">
                            <button class="button button-small" name="do" value="save-key">"Save key"</button>
                            <button class="button button-danger button-small" name="do" value="delete-key" formnovalidate>"Delete key (pages that use it stop working)"</button>
                        </div>
                    </details>
                </form>
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
        <form class="filters" method="post" action="/admin/settings"><EnvironmentField/>
            <label class="field"><span>"Name"</span><input type="text" name="name" required maxlength="100" autocomplete="off"/></label>
            <label class="field"><span>"Allowed origins, comma-separated (empty: any)"</span>
                <input type="text" name="origins" placeholder="https://shop.example" autocomplete="off"/></label>
            <button class="button" name="do" value="key">"Create client key"</button>
        </form>
    });
    view! {
        <section aria-labelledby="keys-title">
            <h2 id="keys-title">"Client keys"</h2>
            <p class="hint">"Public keys for pages. They can only evaluate flags and send telemetry."</p>
            <div class="table-scroll">
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
