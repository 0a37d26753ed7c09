//! Settings: keys, tokens, environments, and the environment as a file.

mod collection_settings;
mod environments;
mod files;
mod keys;
mod retention;
mod tokens;
mod user_data;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::accounts::Role;

use self::{
    collection_settings::CollectionSettingsForm, environments::Environments, keys::ClientKeys,
    retention::RetentionForm, tokens::Tokens,
};
pub(crate) use self::{files::FilesPage, user_data::UserDataPage};
use crate::{
    components::Notice,
    parts::{PageErrorNotice, render_page},
    request::{PageError, Request},
};

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    view! {
        <Title text="Settings"/>
        {render_page(|request| async move {
            let (done, refused) = match handle_settings_form(&request).await {
                Ok(done) => (done, None),
                Err(error) => (None, Some(error)),
            };
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            if request.cached_environment().is_err() {
                // The environment has just been deleted, and the response is a redirect.
                return Ok(().into_any());
            }
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let is_admin = request.has_role(Role::Admin);
            let keys = phasegate_service::tokens::list_client_keys(service, actor, environment).await?;
            let tokens = match is_admin {
                true => Some(phasegate_service::tokens::list_tokens(service, actor, environment).await?),
                false => None,
            };
            let maintenance = retention::read_maintenance(&request).await?;
            let tokens = tokens.map(|tokens| view! { <Tokens tokens/> });
            Ok(view! {
                <header class="page-head"><h1>"Settings"</h1></header>
                {done} {refused.map(|error| view! { <PageErrorNotice error/> })}
                <CollectionSettingsForm request=request.clone() may_change=request.has_role(Role::Operator)/>
                <RetentionForm maintenance may_change=is_admin/>
                {is_admin.then(|| view! {
                    <section aria-labelledby="user-data-title">
                        <h2 id="user-data-title">"User data"</h2>
                        <p class="hint">"Show, export or erase the data of one user."</p>
                        <p><a class="button" href="/admin/settings/user-data">"Find a user"</a></p>
                    </section>
                })}
                <ClientKeys keys is_admin/>
                {tokens}
                <Environments request=request.clone() is_admin/>
                <section aria-labelledby="files-title">
                    <h2 id="files-title">"Environment file"</h2>
                    <p class="hint">"All flags, segments and overrides of this environment, for version control or for another environment."</p>
                    <p><a class="button" href="/admin/settings/files">"Export and import"</a></p>
                </section>
            }
            .into_any())
        })}
    }
}

/// Carries out the action of the form. A created key or token is part of this response, because its
/// secret is shown only once; other actions redirect.
async fn handle_settings_form(request: &Request) -> Result<Option<AnyView>, PageError> {
    let Some(form) = &request.form else {
        return Ok(request
            .query
            .has("done")
            .then(|| view! { <Notice>"Changes saved."</Notice> }.into_any()));
    };
    let made = match form.get("do") {
        "token" => Some(tokens::create_server_token(request, form).await?),
        "key" => Some(keys::create_key(request, form).await?),
        "delete-token" => {
            tokens::delete_server_token(request, form).await?;
            None
        }
        "save-key" => {
            keys::save_key(request, form).await?;
            None
        }
        "delete-key" => {
            keys::delete_key(request, form).await?;
            None
        }
        "collection_settings" => {
            collection_settings::save_collection_form(request, form).await?;
            None
        }
        "retention" => {
            retention::save_retention_form(request, form).await?;
            None
        }
        "environment" => {
            environments::create_environment(request, form).await?;
            None
        }
        "rename-environment" => {
            environments::rename_environment(request, form).await?;
            None
        }
        "delete-environment" => {
            environments::delete_environment(request, form).await?;
            None
        }
        other => return Err(PageError::invalid(format!("do: there is no action {other:?}"))),
    };
    if made.is_none() {
        request.redirect_to("/admin/settings?done=1");
    }
    Ok(made)
}
