//! Creates, renames and deletes environments.

use std::sync::Arc;

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, ProjectId};
use phasegate_service::{CachedEnvironment, models::Environment};

use crate::{
    parts::EnvironmentField,
    request::{Form, PageError, Request},
};

pub(super) async fn create_environment(request: &Request, form: &Form) -> Result<(), PageError> {
    let key: EnvironmentKey = form.parse_field("key")?;
    let (service, actor) = (&request.service, &request.actor);
    let beside = request.environment;
    phasegate_service::environments::create_environment(
        service,
        actor,
        beside,
        key.clone(),
        form.get("name"),
    )
    .await?;
    request.choose_environment(key.as_str());
    Ok(())
}

pub(super) async fn rename_environment(request: &Request, form: &Form) -> Result<(), PageError> {
    let key: EnvironmentKey = form.parse_field("key")?;
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    // The key and name that the form was made for, so that a conflict is detected.
    let seen = Environment {
        key: form.parse_field("seen_key")?,
        name: form.get("seen_name").to_owned(),
        ..request.cached_environment()?.environment().clone()
    };
    let (seen, name) = (Some(&seen), form.get("name"));
    phasegate_service::environments::rename_environment(
        service,
        actor,
        environment,
        seen,
        key.clone(),
        name,
    )
    .await?;
    request.choose_environment(key.as_str());
    Ok(())
}

pub(super) async fn delete_environment(request: &Request, form: &Form) -> Result<(), PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let project = request.cached_environment()?.environment().project_id;
    phasegate_service::environments::delete_environment(
        service,
        actor,
        environment,
        form.get("confirm"),
    )
    .await?;
    if let Some(other) = environments_of_project(request, project).first() {
        request.choose_environment(other.environment().key.as_str());
    }
    Ok(())
}

fn environments_of_project(request: &Request, project: ProjectId) -> Vec<Arc<CachedEnvironment>> {
    let all = request.service.environments();
    all.into_iter().filter(|live| live.environment().project_id == project).collect()
}

/// Renames and deletes the environment that is shown.
#[component]
fn Shown(environment: Environment, is_last: bool) -> impl IntoView {
    let Environment { key, name, .. } = environment;
    let delete = match is_last {
        true => view! {
            <p class="hint">"The last environment of a project cannot be deleted. Create another one first."</p>
        }
        .into_any(),
        false => view! {
            <form class="stack" method="post" action="/admin/settings" data-testid="delete-environment"><EnvironmentField/>
                <p>"Deletes its switches, rules, overrides, keys, tokens, rollout and telemetry permanently. Pages and servers that use its keys get no more answers. The audit log is kept."</p>
                <p><a class="button" href="/admin/export.toml" download>"Export the environment first"</a></p>
                <label class="field"><span>{format!("Type {key} to confirm")}</span>
                    <input type="text" name="confirm" required autocomplete="off" autocapitalize="off" spellcheck="false"/></label>
                <div><button class="button button-danger" name="do" value="delete-environment">"Delete this environment"</button></div>
            </form>
        }
        .into_any(),
    };
    view! {
        <details class="card" data-testid="shown-environment">
            <summary>{format!("Rename or delete {name}")}</summary>
            <form class="stack" method="post" action="/admin/settings"><EnvironmentField/>
                <input type="hidden" name="seen_key" value=key.to_string()/>
                <input type="hidden" name="seen_name" value=name.clone()/>
                <label class="field"><span>"New key"</span>
                    <input type="text" name="key" required maxlength="100" value=key.to_string() autocomplete="off"/></label>
                <label class="field"><span>"New name"</span>
                    <input type="text" name="name" maxlength="100" value=name autocomplete="off"/></label>
                <p class="hint">"The key is part of API and admin URLs, and an argument of commands. Client keys and server tokens stay valid."</p>
                <div><button class="button" name="do" value="rename-environment">"Rename environment"</button></div>
            </form>
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
        let is_last = environments_of_project(&request, environment.project_id).len() < 2;
        view! { <Shown environment is_last/> }
    });
    let add = is_admin.then(|| view! {
        <form class="filters" method="post" action="/admin/settings"><EnvironmentField/>
            <label class="field"><span>"Key"</span>
                <input type="text" name="key" required maxlength="100" placeholder="staging" autocomplete="off"/></label>
            <label class="field"><span>"Name"</span><input type="text" name="name" maxlength="100" placeholder="Staging" autocomplete="off"/></label>
            <button class="button" name="do" value="environment">"Create environment"</button>
        </form>
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
