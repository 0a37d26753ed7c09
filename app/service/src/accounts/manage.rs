//! Listing, changing and removing accounts.

use phasegate_domain::{
    Timestamp,
    accounts::{Account, Role, check_account_change},
    field_error::{FieldCode, FieldError},
    ids::AccountId,
};
use phasegate_store::models::Edit;

use super::{
    edit::{AccountChange, apply_account_edits},
    sessions::SessionData,
};
use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// An account in the list.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccount {
    pub account: Account,
    /// The number of browsers that are logged in.
    pub sessions: usize,
    /// When one of them was last used, accurate to about an hour; `None` if none is logged in.
    pub last_used_at: Option<Timestamp>,
}

/// Reads all accounts with their sessions, the oldest first.
///
/// # Errors
/// Returns an error if the actor lacks the admin role or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_accounts(
    service: &Service,
    actor: &Actor,
) -> Result<Vec<ListedAccount>, ServiceError> {
    actor.require_role(Role::Admin)?;
    let accounts = service.stores.state.read_accounts().await?;
    let sessions = service.stores.state.read_sessions(None, service.now()).await?;
    let list = |account: Account| {
        let own = sessions.iter().filter(|session| session.account == Some(account.id));
        let used = own.clone().filter_map(|session| SessionData::parse(&session.data).used_at());
        ListedAccount { sessions: own.count(), last_used_at: used.max(), account }
    };
    Ok(accounts.into_iter().map(list).collect())
}

/// Reads the account of an id with all others, for a change of it.
async fn find_among_all(
    service: &Service,
    id: AccountId,
) -> Result<(Account, Vec<Account>), ServiceError> {
    let all = service.stores.state.read_accounts().await?;
    let found = all.iter().find(|account| account.id == id).cloned();
    let missing = || ServiceError::not_found(ObjectKind::Account, id.0.to_string());
    Ok((found.ok_or_else(missing)?, all))
}

/// Returns the error of a change that would leave no admin.
fn refuse(error: impl std::fmt::Display) -> ServiceError {
    FieldError::new("role", FieldCode::Unchangeable, error.to_string()).into()
}

/// Changes the role of an account, if it still is `seen`. Takes effect with the next request.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, no admin would remain, another change came
/// first, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn change_role(
    service: &Service,
    actor: &Actor,
    id: AccountId,
    seen: Role,
    role: Role,
) -> Result<Account, ServiceError> {
    actor.require_role(Role::Admin)?;
    let _turn = service.begin_edit().await?;
    let (account, all) = find_among_all(service, id).await?;
    check_account_change(&all, id, Some(role)).map_err(refuse)?;
    let edits = [Edit::SaveRole(id, seen, role)];
    let email = account.email.clone();
    let change = AccountChange { email: &email, before: Some(seen), after: Some(role), note: None };
    apply_account_edits(service, actor.name(), &edits, change).await?;
    Ok(Account { role, ..account })
}

/// Removes an account and ends its sessions. Its name stays in the audit log, and its tokens stay
/// valid.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, no admin would remain, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn remove_account(
    service: &Service,
    actor: &Actor,
    id: AccountId,
) -> Result<Account, ServiceError> {
    actor.require_role(Role::Admin)?;
    let _turn = service.begin_edit().await?;
    let (account, all) = find_among_all(service, id).await?;
    check_account_change(&all, id, None).map_err(refuse)?;
    let (email, before) = (account.email.as_str(), Some(account.role));
    let change = AccountChange { email, before, after: None, note: None };
    apply_account_edits(service, actor.name(), &[Edit::DeleteAccount(id)], change).await?;
    Ok(account)
}
