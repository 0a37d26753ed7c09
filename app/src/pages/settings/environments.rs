//! Creates, renames and deletes environments.

use leptos::prelude::*;
use phasegate_service::models::Environment;

use crate::{
    parts::FnForm,
    request::Request,
    server_fns::environments::{CreateEnvironment, DeleteEnvironment, RenameEnvironment},
};

/// Renames and deletes the environment that is shown.
#[component]
fn Shown(environment: Environment, is_last: bool) -> impl IntoView {
    let Environment { key, name, .. } = environment;
    let (title, question) = (format!("Rename or delete {name}"), format!("Type {key} to confirm"));
    let delete = match is_last {
        true => view! {
            <p class="hint">"The last environment of a project cannot be deleted. Create another one first."</p>
        }
        .into_any(),
        false => view! {
            <FnForm<DeleteEnvironment> class="stack">
                <p>"Deletes its switches, rules, overrides, keys, tokens, rollout and telemetry permanently. Pages and servers that use its keys get no more answers. The audit log is kept."</p>
                <p><a class="button" href="/admin/export.toml" download>"Export the environment first"</a></p>
                <label class="field"><span>{question}</span>
                    <input type="text" name="confirm" required autocomplete="off" autocapitalize="off" spellcheck="false"/></label>
                <div><button class="button button-danger" type="submit">"Delete this environment"</button></div>
            </FnForm<DeleteEnvironment>>
        }
        .into_any(),
    };
    view! {
        <details class="card" data-testid="shown-environment">
            <summary>{title}</summary>
            <FnForm<RenameEnvironment> class="stack">
                <input type="hidden" name="seen_name" value=name.clone()/>
                <label class="field"><span>"New key"</span>
                    <input type="text" name="key" required maxlength="100" value=key.to_string() autocomplete="off"/></label>
                <label class="field"><span>"New name"</span>
                    <input type="text" name="name" maxlength="100" value=name autocomplete="off"/></label>
                <p class="hint">"The key is part of API and admin URLs, and an argument of commands. Client keys and server tokens stay valid."</p>
                <div><button class="button" type="submit">"Rename environment"</button></div>
            </FnForm<RenameEnvironment>>
            {delete}
        </details>
    }
}

#[component]
pub(super) fn Environments(request: Request, is_admin: bool) -> impl IntoView {
    let rows = request
        .service
        .environments()
        .iter()
        .map(|live| {
            let environment = live.environment();
            let shown = (environment.id == request.environment)
                .then(|| view! { <span class="pill pill-live">"Shown"</span> });
            view! {
                <li class="override">
                    <strong>{environment.name.clone()}</strong>
                    <code>{format!("{}/{}", environment.project, environment.key)}</code>
                    {shown}
                </li>
            }
        })
        .collect_view();
    let live = request.cached_environment().ok().filter(|_| is_admin);
    let shown = live.map(|live| {
        let environment = live.environment().clone();
        let is_last = request.service.project_environments(environment.project_id).len() < 2;
        view! { <Shown environment is_last/> }
    });
    let add = is_admin.then(|| view! {
        <FnForm<CreateEnvironment> class="filters">
            <label class="field"><span>"Key"</span>
                <input type="text" name="key" required maxlength="100" placeholder="staging" autocomplete="off"/></label>
            <label class="field"><span>"Name"</span><input type="text" name="name" maxlength="100" placeholder="Staging" autocomplete="off"/></label>
            <button class="button" type="submit">"Create environment"</button>
        </FnForm<CreateEnvironment>>
    });
    view! {
        <section aria-labelledby="environments-title">
            <h2 id="environments-title">"Environments"</h2>
            <p class="hint">"Each environment has its own switches, rules, overrides, keys and audit log; flags and segments are shared. In a new environment every flag is off and has no rules. Select the environment to show next to the menu."</p>
            <ul class="overrides">{rows}</ul>
            {shown}
            {add}
        </section>
    }
}
