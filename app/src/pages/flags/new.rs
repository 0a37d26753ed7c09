//! Creates a flag from its key, kind and name. The editor follows.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::flags::FlagKind;
use phasegate_service::flags::{check_may_create, create_flag, read_document};

use super::editor::build_new_flag;
use crate::{
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::{Form, PageError, Request},
};

#[component]
pub(crate) fn NewFlagPage() -> impl IntoView {
    view! {
        <Title text="New flag"/>
        {render_page(|request| async move {
            check_may_create(&request.actor)?;
            let refused = create_from_form(&request).await.err();
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let form = request.form.clone().unwrap_or_default();
            let kinds = FlagKind::ALL
                .map(|kind| {
                    let is_chosen = form.get("kind") == kind.as_str();
                    view! { <option value=kind.as_str() selected=is_chosen>{kind.as_str()}</option> }
                })
                .collect_view();
            Ok(view! {
                <header class="page-head"><h1>"New flag"</h1></header>
                {refused.map(|error| view! { <PageErrorNotice error/> })}
                <form class="card stack narrow" method="post" action="/admin/flags/new"><EnvironmentField/>
                    <label class="field"><span>"Key: used in your code, cannot be changed"</span>
                        <input type="text" name="key" required maxlength="100" pattern="[A-Za-z0-9._\\-]+"
                            title="letters, digits, '.', '_' and '-'" autocomplete="off" autofocus
                            placeholder="NEW_CHECKOUT" value=form.get("key").to_owned()/></label>
                    <label class="field"><span>"Kind of its values, cannot be changed"</span>
                        <select name="kind">{kinds}</select></label>
                    <label class="field"><span>"Name (optional)"</span>
                        <input type="text" name="name" maxlength="200" value=form.get("name").to_owned()/></label>
                    <p class="hint">"A new flag is on in this environment and off in the others. It has no rules, so all users get its default variant here."</p>
                    <div class="row">
                        <button class="button button-primary" type="submit">"Create flag"</button>
                        <a class="button" href="/admin/flags">"Cancel"</a>
                    </div>
                </form>
            }
            .into_any())
        })}
    }
}

async fn create_from_form(request: &Request) -> Result<(), PageError> {
    let Some(form) = &request.form else { return Ok(()) };
    let kind = parse_flag_kind(form)?;
    let fields = build_new_flag(form.get("key"), kind, form.get("name"));
    let document = read_document(serde_json::Value::Object(fields))?;
    let key = document.key.clone();
    create_flag(&request.service, &request.actor, request.environment, document).await?;
    request.redirect_to(&format!("/admin/flags/{key}/edit"));
    Ok(())
}

fn parse_flag_kind(form: &Form) -> Result<FlagKind, PageError> {
    FlagKind::parse(form.get("kind"))
        .ok_or_else(|| PageError::invalid("kind: choose one from the list"))
}
