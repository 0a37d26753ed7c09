//! Server tokens.

use leptos::prelude::*;
use phasegate_domain::accounts::{Reach, Scope};
use phasegate_service::models::ServerToken;

use crate::{
    components::Time,
    parts::FnForm,
    server_fns::tokens::{CreateToken, DeleteToken},
};

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
                        <FnForm<DeleteToken>>
                            <input type="hidden" name="id" value=token.id.0.to_string()/>
                            <input type="hidden" name="version" value=token.version.to_string()/>
                            <details><summary>"Delete …"</summary>
                                <p class="hint">"Programs that use it lose access at once. This cannot be undone."</p>
                                <button class="button button-danger button-small" type="submit">
                                    {format!("Delete {}", token.name)}
                                </button>
                            </details>
                        </FnForm<DeleteToken>>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let boxes = Scope::ALL
        .map(|scope| view! {
            <label class="field-inline"><input type="checkbox" name="scopes[]" value=scope.as_str()/>{scope.as_str()}</label>
        })
        .collect_view();
    view! {
        <section aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Server tokens"</h2>
            <p class="hint">"Secret tokens for programs: OpenFeature on a server, the REST API, scripts. Only a digest is stored. A token of the whole project can also change what all environments share: flags, variants and segments."</p>
            <div class="table-scroll" tabindex="0">
                <table class="table-text" data-testid="tokens">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Scopes"</th><th scope="col">"Reach"</th><th scope="col">"Created"</th>
                        <th scope="col">"Last used"</th><th scope="col"><span class="visually-hidden">"Delete"</span></th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <FnForm<CreateToken> class="filters">
                <label class="field"><span>"Name"</span><input type="text" name="name" required maxlength="100" autocomplete="off"/></label>
                <fieldset class="row"><legend class="field"><span>"Scopes"</span></legend>{boxes}</fieldset>
                <label class="field"><span>"Reach"</span>
                    <select name="reach">
                        <option value="environment">"This environment"</option>
                        <option value="project">"Whole project"</option>
                    </select></label>
                <button class="button" type="submit">"Create token"</button>
            </FnForm<CreateToken>>
        </section>
    }
}
