//! Links with which their holders choose a password: invitations and resets.

use chrono::Duration;
use phasegate_domain::{
    accounts::{Account, Role},
    field_error::{FieldCode, FieldError},
    ids::{AccountId, ActorName},
};
use phasegate_store::models::{AccountLink, Edit, LinkPurpose};

use super::{
    create::{check_email, require_free_address},
    edit::{AccountChange, apply_account_edits},
    password::{check_password, run_hashing},
};
use crate::{
    ObjectKind, Service, ServiceError,
    access::Actor,
    secrets::{self, Seed},
};

/// The lifetime of a link, in days.
pub const LINK_DAYS: i64 = 3;

/// The maximum number of links that wait to be used.
const MAX_LINKS: usize = 1_000;

/// A link that was just created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The link without its secret.
    pub link: AccountLink,
    /// The secret, which cannot be read again later.
    pub secret: String,
}

/// Reads the links that wait to be used, the newest first.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_account_links(
    service: &Service,
    actor: &Actor,
) -> Result<Vec<AccountLink>, ServiceError> {
    actor.require_role(Role::Admin)?;
    Ok(service.stores.state.read_account_links(service.now()).await?)
}

async fn create_link(
    service: &Service,
    actor: &Actor,
    email: String,
    purpose: LinkPurpose,
    seed: &Seed,
) -> Result<NewLink, ServiceError> {
    if service.stores.state.read_account_links(service.now()).await?.len() >= MAX_LINKS {
        let text = format!("{MAX_LINKS} links wait to be used; revoke one first");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let secret = secrets::random_text("", seed, 32);
    let link = AccountLink {
        digest: secrets::hash_secret(secret.as_bytes()),
        purpose,
        email,
        created_by: actor.name().0,
        expires_at: service.now() + Duration::days(LINK_DAYS),
    };
    let (role, note) = match purpose {
        LinkPurpose::Invitation(role) => (Some(role), ("invitation", "created")),
        LinkPurpose::PasswordReset => (None, ("password_link", "created")),
    };
    let change = AccountChange { email: &link.email, before: None, after: role, note: Some(note) };
    let edits = [Edit::CreateAccountLink(link.clone())];
    apply_account_edits(service, actor.name(), &edits, change).await?;
    Ok(NewLink { link, secret })
}

/// Creates an invitation: a link with which its holder creates an account. It replaces an earlier
/// one for the same address.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, the address is invalid or has an account,
/// there are too many links, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn invite_account(
    service: &Service,
    actor: &Actor,
    email: &str,
    role: Role,
    seed: &Seed,
) -> Result<NewLink, ServiceError> {
    actor.require_role(Role::Admin)?;
    let email = check_email(email)?;
    let _turn = service.begin_edit().await?;
    require_free_address(service, &email).await?;
    create_link(service, actor, email, LinkPurpose::Invitation(role), seed).await
}

/// Creates a link with which an account's owner chooses a new password. The old one is valid until
/// then.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, there is no such account or there are too
/// many links, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_reset_link(
    service: &Service,
    actor: &Actor,
    id: AccountId,
    seed: &Seed,
) -> Result<NewLink, ServiceError> {
    actor.require_role(Role::Admin)?;
    let _turn = service.begin_edit().await?;
    let account = service.stores.state.find_account(id).await?;
    let missing = || ServiceError::not_found(ObjectKind::Account, id.0.to_string());
    let email = account.ok_or_else(missing)?.email;
    create_link(service, actor, email, LinkPurpose::PasswordReset, seed).await
}

/// Revokes the link for an address, so that it cannot be used any more.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, no link waits for the address, or storage
/// fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn revoke_account_link(
    service: &Service,
    actor: &Actor,
    email: &str,
) -> Result<(), ServiceError> {
    let _turn = service.begin_edit().await?;
    let links = list_account_links(service, actor).await?;
    let found = links.into_iter().find(|link| link.email.eq_ignore_ascii_case(email.trim()));
    let missing = || ServiceError::not_found(ObjectKind::AccountLink, email.trim());
    let AccountLink { digest, email, .. } = found.ok_or_else(missing)?;
    let note = Some(("link", "revoked"));
    let change = AccountChange { email: &email, before: None, after: None, note };
    apply_account_edits(service, actor.name(), &[Edit::DeleteAccountLink(digest)], change).await
}

/// Finds a link by its secret. Its secret is all that is needed to use it.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if it was used, has been revoked or has expired, or an error
/// if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn find_account_link(
    service: &Service,
    secret: &str,
) -> Result<AccountLink, ServiceError> {
    let digest = secrets::hash_secret(secret.as_bytes());
    let links = service.stores.state.read_account_links(service.now()).await?;
    let found = links.into_iter().find(|link| link.digest == digest);
    found.ok_or_else(|| ServiceError::not_found(ObjectKind::AccountLink, ""))
}

/// Uses a link: creates its account or replaces the password, and ends the account's sessions.
///
/// # Errors
/// Returns an error if the link is not valid, the password is too short or too long, or storage
/// fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn use_account_link(
    service: &Service,
    secret: &str,
    password: &str,
    salt: Seed,
) -> Result<String, ServiceError> {
    // Before the costly hash, so that strangers cannot ask for one.
    find_account_link(service, secret).await?;
    check_password(password).map_err(|error| {
        ServiceError::invalid("password", FieldCode::Invalid, error.to_string())
    })?;
    let hash = run_hashing(service, password, salt).await?;
    let _turn = service.begin_edit().await?;
    let AccountLink { digest, purpose, email, .. } = find_account_link(service, secret).await?;
    let used = Edit::DeleteAccountLink(digest);
    let (edits, before, after, note) = match purpose {
        LinkPurpose::Invitation(role) => {
            let create = Edit::CreateAccount(email.clone(), hash, role);
            ([used, create], None, role, ("invitation", "accepted"))
        }
        LinkPurpose::PasswordReset => {
            let missing = || ServiceError::not_found(ObjectKind::Account, email.as_str());
            let stored = service.stores.state.read_account(&email).await?.ok_or_else(missing)?;
            let Account { id, role, .. } = stored.account;
            (
                [used, Edit::SavePassword(id, hash, None)],
                Some(role),
                role,
                ("password", "changed by a link"),
            )
        }
    };
    let change = AccountChange { email: &email, before, after: Some(after), note: Some(note) };
    apply_account_edits(service, ActorName(email.clone()), &edits, change).await?;
    Ok(email)
}
