//! Settings: keys, tokens, environments, and the environment as a file.

mod accounts;
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

pub(crate) use self::{accounts::AccountsPage, files::FilesPage, user_data::UserDataPage};
use self::{
    collection_settings::CollectionSettingsForm, environments::Environments, keys::ClientKeys,
    retention::RetentionForm, tokens::Tokens,
};
use crate::parts::{JustDone, render_page};

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    view! {
        <Title text="Settings"/>
        {render_page(|request| async move {
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
                <JustDone request=request.clone()/>
                <CollectionSettingsForm request=request.clone() may_change=request.has_role(Role::Operator)/>
                <RetentionForm maintenance may_change=is_admin/>
                {is_admin.then(|| view! {
                    <section aria-labelledby="accounts-title">
                        <h2 id="accounts-title">"Accounts"</h2>
                        <p class="hint">"Who may log in, and what they may do."</p>
                        <p><a class="button" href="/admin/settings/accounts">"Accounts and invitations"</a></p>
                    </section>
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
