//! The accounts of the server: who may log in, with which role.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{Timestamp, accounts::Role};
use phasegate_service::{
    accounts::{LINK_DAYS, ListedAccount, list_account_links, list_accounts},
    models::{AccountLink, LinkPurpose},
};

use crate::{
    components::Time,
    format::format_quantity,
    parts::{FnForm, JustDone, render_page},
    server_fns::accounts::{ChangeRole, InviteAccount, RemoveAccount, ResetPassword, RevokeLink},
};

#[component]
pub(crate) fn AccountsPage() -> impl IntoView {
    view! {
        <Title text="Accounts"/>
        {render_page(|request| async move {
            let (service, actor) = (&request.service, &request.actor);
            let accounts = list_accounts(service, actor).await?;
            let links = list_account_links(service, actor).await?;
            let entered = request.entered_form::<InviteAccount>();
            let rows = accounts.into_iter().map(|listed| view! { <Row listed own=actor.name().0/> });
            Ok(view! {
                <header class="page-head"><h1>"Accounts"</h1></header>
                <p class="lead">"Who may log in, and what they may do. A new role counts from the next request on. "
                    "What somebody did stays in the audit log under their name."</p>
                <JustDone request=request.clone()/>
                <div class="table-scroll" tabindex="0" role="region" aria-label="Accounts">
                    <table class="table-text" data-testid="accounts">
                        <thead><tr><th scope="col">"E-mail"</th><th scope="col">"Role"</th><th scope="col">"Last active"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
                <Links links now=service.now()/>
                <section class="card narrow stack" aria-labelledby="invite-title">
                    <h2 id="invite-title">"Invite"</h2>
                    <p class="hint">{format!("The link is shown once and is valid for {LINK_DAYS} days. The server sends no mail: pass it on yourself.")}</p>
                    <FnForm<InviteAccount> class="stack">
                        <label class="field"><span>"E-mail"</span>
                            <input type="email" name="email" required maxlength="254" autocomplete="off" value=entered.get("email").to_owned()/></label>
                        <label class="field"><span>"Role"</span><RoleChoice chosen=Role::parse(entered.get("role")).unwrap_or(Role::Viewer) explains=true/></label>
                        <div><button class="button button-primary" type="submit">"Create the invitation"</button></div>
                    </FnForm<InviteAccount>>
                </section>
            }
            .into_any())
        })}
    }
}

/// Chooses a role; `explains` says beside each what it may do.
#[component]
fn RoleChoice(chosen: Role, #[prop(optional)] explains: bool) -> impl IntoView {
    let options = Role::ALL.map(|role| {
        let title = match explains {
            true => format!("{}: {}", role.as_str(), role.describe()),
            false => role.as_str().to_owned(),
        };
        view! { <option value=role.as_str() selected=role == chosen>{title}</option> }
    });
    view! { <select name="role">{options.into_iter().collect_view()}</select> }
}

#[component]
fn Row(listed: ListedAccount, own: String) -> impl IntoView {
    let ListedAccount { account, sessions, last_used_at } = listed;
    let id = account.id.0.to_string();
    let (role_of, reset_of) = (id.clone(), id.clone());
    let is_own = account.email == own;
    let email = account.email.clone();
    let (reset, remove) = (format!("Reset password of {email}"), format!("Remove {email}"));
    let used = match last_used_at {
        Some(at) => {
            let browsers = format_quantity(sessions as u64, "browser", "browsers");
            view! { <Time at/> <span class="hint">" in " {browsers}</span> }.into_any()
        }
        None => view! { <span class="hint">"not logged in"</span> }.into_any(),
    };
    let others = (!is_own).then(|| {
        view! {
            <FnForm<RemoveAccount>>
                <input type="hidden" name="id" value=id/>
                <details><summary>"Remove …"</summary>
                    <p class="hint">"They are logged out at once. Server tokens that they created stay valid."</p>
                    <button class="button button-danger button-small" type="submit">{remove}</button>
                </details>
            </FnForm<RemoveAccount>>
        }
    });
    view! {
        <tr>
            <th scope="row">{email.clone()} {is_own.then(|| view! { " " <span class="chip">"you"</span> })}</th>
            <td>
                <FnForm<ChangeRole> class="row row-middle">
                    <input type="hidden" name="id" value=role_of/>
                    <input type="hidden" name="seen" value=account.role.as_str()/>
                    <label><span class="visually-hidden">"Role of " {email}</span><RoleChoice chosen=account.role/></label>
                    <button class="button button-small" type="submit">"Change"</button>
                </FnForm<ChangeRole>>
            </td>
            <td>{used}</td>
            <td class="stack">
                <FnForm<ResetPassword>>
                    <input type="hidden" name="id" value=reset_of/>
                    <button class="button button-small" type="submit" aria-label=reset>"Reset password"</button>
                </FnForm<ResetPassword>>
                {others}
            </td>
        </tr>
    }
}

/// The links that wait to be used.
#[component]
fn Links(links: Vec<AccountLink>, now: Timestamp) -> impl IntoView {
    if links.is_empty() {
        return ().into_any();
    }
    let kinds: BTreeSet<bool> =
        links.iter().map(|link| link.purpose == LinkPurpose::PasswordReset).collect();
    let title = match (kinds.contains(&false), kinds.contains(&true)) {
        (true, true) => "Open invitations and password links",
        (true, false) => "Open invitations",
        (false, _) => "Open password links",
    };
    let rows = links.into_iter().filter(|link| link.expires_at > now).map(|link| {
        let purpose = match link.purpose {
            LinkPurpose::Invitation(role) => format!("invited as {}", role.as_str()),
            LinkPurpose::PasswordReset => "new password".to_owned(),
        };
        let label = format!("Revoke the link for {}", link.email);
        view! {
            <li class="timeline-line">
                <span class="timeline-what">{link.email.clone()} ", " {purpose}</span>
                <span class="hint">"by " {link.created_by} ", valid until " <Time at=link.expires_at/></span>
                <FnForm<RevokeLink>>
                    <input type="hidden" name="email" value=link.email/>
                    <button class="button button-small" type="submit" aria-label=label>"Revoke"</button>
                </FnForm<RevokeLink>>
            </li>
        }
    });
    view! {
        <section aria-labelledby="links-title">
            <h2 id="links-title">{title}</h2>
            <ul class="timeline" data-testid="links">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}
