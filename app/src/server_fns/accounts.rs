//! Server functions of accounts: those of others, for admins, and one's own.

use leptos::prelude::*;
use phasegate_domain::{accounts::Role, ids::AccountId};
#[cfg(feature = "ssr")]
use phasegate_service::accounts as service;

#[cfg(feature = "ssr")]
use super::caller::{Visitor, draw_seed, public_origin, read_visitor};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// Says what a new link is for, with the link as the secret that is shown once.
#[cfg(feature = "ssr")]
fn show_link(made: &service::NewLink, what: &str) -> Result<Done, ApiError> {
    let text = format!(
        "{what} for {}: send it to them yourself. It is valid for {} days and is not shown again:",
        made.link.email,
        service::LINK_DAYS
    );
    let link = format!("{}/login/link?link={}", public_origin()?, made.secret);
    Ok(Done { secret: Some(link), ..Done::new(text) })
}

/// Invites somebody by a link, with which they create their account.
#[server(prefix = "/admin/fn", endpoint = "accounts/invite", output = JsonResult)]
pub async fn invite_account(email: String, role: Role) -> Result<Done, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    let seed = draw_seed()?;
    show_link(&service::invite_account(&service, &actor, &email, role, &seed).await?, "Invitation")
}

/// Creates a link with which the owner of an account chooses a new password.
#[server(prefix = "/admin/fn", endpoint = "accounts/reset_password", output = JsonResult)]
pub async fn reset_password(id: AccountId) -> Result<Done, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    let made = service::create_reset_link(&service, &actor, id, &draw_seed()?).await?;
    show_link(&made, "Password link")
}

/// Revokes the invitation or the password link of an address.
#[server(prefix = "/admin/fn", endpoint = "accounts/revoke_link", output = JsonResult)]
pub async fn revoke_link(email: String) -> Result<Done, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    service::revoke_account_link(&service, &actor, &email).await?;
    Ok(Done::new(format!("The link for {email} is no longer valid.")))
}

/// Changes the role of an account, if it still is `seen`.
#[server(prefix = "/admin/fn", endpoint = "accounts/change_role", output = JsonResult)]
pub async fn change_role(id: AccountId, seen: Role, role: Role) -> Result<Done, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    let account = service::change_role(&service, &actor, id, seen, role).await?;
    let text = format!("{} is {} now: {}.", account.email, role.as_str(), role.describe());
    Ok(Done::new(text))
}

/// Removes an account and ends its sessions.
#[server(prefix = "/admin/fn", endpoint = "accounts/remove", output = JsonResult)]
pub async fn remove_account(id: AccountId) -> Result<Done, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    let account = service::remove_account(&service, &actor, id).await?;
    Ok(Done::new(format!("Removed {}. To let them in again, invite them.", account.email)))
}

/// Changes the password of the caller, and ends their other sessions.
#[server(prefix = "/admin/fn", endpoint = "account/change_password", output = JsonResult)]
pub async fn change_password(
    present_password: String,
    new_password: String,
    repeated: String,
) -> Result<Done, ApiError> {
    let Visitor { service, account, session, .. } = read_visitor()?;
    let new = [new_password.as_str(), repeated.as_str()];
    let salt = draw_seed()?;
    service::change_own_password(&service, &account, session, &present_password, new, salt).await?;
    Ok(Done::new("Your password is changed. Your other sessions have ended."))
}

/// Ends one session of the caller.
#[server(prefix = "/admin/fn", endpoint = "account/end_session", output = JsonResult)]
pub async fn end_session(session: String) -> Result<Done, ApiError> {
    let Visitor { service, account, .. } = read_visitor()?;
    service::end_session(&service, &account, &session).await?;
    Ok(Done::new("That browser is logged out."))
}

/// Ends all sessions of the caller but the present one.
#[server(prefix = "/admin/fn", endpoint = "account/end_other_sessions", output = JsonResult)]
pub async fn end_other_sessions() -> Result<Done, ApiError> {
    let Visitor { service, account, session, .. } = read_visitor()?;
    let ended = service::end_other_sessions(&service, &account, session).await?;
    let ended = crate::format::format_quantity(ended as u64, "other browser", "other browsers");
    Ok(Done::new(format!("Logged out {ended}.")))
}
