//! Server tokens.

use leptos::prelude::*;
use phasegate_domain::{
    accounts::{Reach, Scope},
    ids::TokenId,
};
use phasegate_service::models::ServerToken;
use phasegate_service::tokens::{TokenFields, create_token, delete_token, read_token};

use crate::{
    components::Time,
    parts::EnvironmentField,
    request::{Form, PageError, Request},
};

pub(super) async fn create_server_token(
    request: &Request,
    form: &Form,
) -> Result<AnyView, PageError> {
    let scopes = form.get_all("scope").filter_map(Scope::parse).collect();
    let reach = Reach::parse(form.get("reach")).unwrap_or_default();
    let fields = TokenFields { name: form.get("name").to_owned(), scopes, reach };
    let (service, actor, seed) = (&request.service, &request.actor, request.draw_seed()?);
    let made = create_token(service, actor, request.environment, &fields, &seed).await?;
    Ok(view! {
        <div class="notice" role="status" data-testid="made">
            <p>{format!("Token {} created. Copy it now; it is not shown again:", made.token.name)}</p>
            <p><code class="secret">{made.secret}</code></p>
        </div>
    }
    .into_any())
}

pub(super) async fn delete_server_token(request: &Request, form: &Form) -> Result<(), PageError> {
    let id = form
        .get("id")
        .parse()
        .map(TokenId)
        .map_err(|_| PageError::invalid("id: is missing; load the page again"))?;
    let (service, actor) = (&request.service, &request.actor);
    let found = read_token(service, actor, request.environment, id).await?;
    delete_token(service, actor, &ServerToken { version: form.parse_version()?, ..found }).await?;
    Ok(())
}

#[component]
pub(super) fn Tokens(tokens: Vec<ServerToken>) -> impl IntoView {
    let rows = tokens
        .into_iter()
        .map(|token| {
            let scopes = token.scopes.iter().map(|scope| view! { <span class="chip">{scope.as_str()}</span> });
            let used = match token.last_used_at {
                Some(at) => view! { <Time at/> }.into_any(),
                None => "never".into_any(),
            };
            view! {
                <tr>
                    <th scope="row">{token.name.clone()}</th>
                    <td><span class="chips">{scopes.collect_view()}</span></td>
                    <td>{match token.reach { Reach::Environment => "This environment", Reach::Project => "Whole project" }}</td>
                    <td><Time at=token.created_at/> " by " {token.created_by}</td>
                    <td>{used}</td>
                    <td>
                        <form method="post" action="/admin/settings"><EnvironmentField/>
                            <input type="hidden" name="id" value=token.id.0.to_string()/>
                            <input type="hidden" name="version" value=token.version.to_string()/>
                            <details><summary>"Delete …"</summary>
                                <p class="hint">"Programs that use it lose access at once. This cannot be undone."</p>
                                <button class="button button-danger button-small" name="do" value="delete-token">
                                    {format!("Delete {}", token.name)}
                                </button>
                            </details>
                        </form>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let boxes = Scope::ALL
        .map(|scope| view! {
            <label class="field-inline"><input type="checkbox" name="scope" value=scope.as_str()/>{scope.as_str()}</label>
        })
        .collect_view();
    view! {
        <section aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Server tokens"</h2>
            <p class="hint">"Secret tokens for programs: OpenFeature on a server, the REST API, scripts. Only a digest is stored. A token of the whole project can also change what all environments share: flags, variants and segments."</p>
            <div class="table-scroll">
                <table class="table-text" data-testid="tokens">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Scopes"</th><th scope="col">"Reach"</th><th scope="col">"Created"</th>
                        <th scope="col">"Last used"</th><th scope="col"><span class="visually-hidden">"Delete"</span></th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <form class="filters" method="post" action="/admin/settings"><EnvironmentField/>
                <label class="field"><span>"Name"</span><input type="text" name="name" required maxlength="100" autocomplete="off"/></label>
                <fieldset class="row"><legend class="field"><span>"Scopes"</span></legend>{boxes}</fieldset>
                <label class="field"><span>"Reach"</span>
                    <select name="reach">
                        <option value="environment">"This environment"</option>
                        <option value="project">"Whole project"</option>
                    </select></label>
                <button class="button" name="do" value="token">"Create token"</button>
            </form>
        </section>
    }
}
