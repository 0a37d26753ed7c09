//! Environments.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;

use crate::{
    components::Here,
    request::{Form, Request, Trouble},
};

pub(super) async fn create(request: &Request, form: &Form) -> Result<(), Trouble> {
    let key: EnvironmentKey = form.parsed("key")?;
    let (service, actor) = (&request.service, &request.actor);
    let beside = request.environment;
    phasegate_service::environments::create(service, actor, beside, key.clone(), form.get("name"))
        .await?;
    request.choose_environment(key.as_str());
    Ok(())
}

#[component]
pub(super) fn Environments(request: Request, is_admin: bool) -> impl IntoView {
    let rows = request
        .service
        .environments()
        .iter()
        .map(|live| {
            let environment = &live.environment;
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
    let add = is_admin.then(|| view! {
        <form class="filters" method="post" action="/admin/settings"><Here/>
            <label class="field"><span>"Key"</span>
                <input type="text" name="key" required maxlength="100" placeholder="staging" autocomplete="off"/></label>
            <label class="field"><span>"Name"</span><input type="text" name="name" maxlength="100" placeholder="Staging" autocomplete="off"/></label>
            <button class="button" name="do" value="environment">"Make an environment"</button>
        </form>
    });
    view! {
        <section aria-labelledby="environments-title">
            <h2 id="environments-title">"Environments"</h2>
            <p class="hint">"Each has its own switches, rules, overrides, keys and history; flags and segments are shared. New ones begin with every flag on and without rules. Choose beside the menu which one is shown."</p>
            <ul class="overrides">{rows}</ul>
            {add}
        </section>
    }
}
