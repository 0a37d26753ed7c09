//! The rule that every server keeps an admin.

use super::{Account, Role};
use crate::ids::AccountId;

/// Why the role of an account cannot be changed, or the account not be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccountChange {
    /// Nobody could invite, reset or remove accounts afterwards.
    #[error("this is the last admin; make another account admin first")]
    LastAdmin,
}

/// Checks that an admin remains after the account gets a role, or is removed (`None`).
///
/// # Errors
/// Returns [`InvalidAccountChange::LastAdmin`] if none would remain.
pub fn check_account_change(
    accounts: &[Account],
    id: AccountId,
    role: Option<Role>,
) -> Result<(), InvalidAccountChange> {
    let mut others = accounts.iter().filter(|account| account.id != id);
    let is_admin_left =
        role == Some(Role::Admin) || others.any(|account| account.role == Role::Admin);
    if is_admin_left { Ok(()) } else { Err(InvalidAccountChange::LastAdmin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: i64, role: Role) -> Account {
        Account { id: AccountId(id), email: format!("{id}@example.com"), role }
    }

    #[test]
    fn the_last_admin_stays_one() {
        let all = [account(1, Role::Admin), account(2, Role::Operator)];
        let refused = Err(InvalidAccountChange::LastAdmin);
        assert_eq!(check_account_change(&all, AccountId(1), Some(Role::Viewer)), refused);
        assert_eq!(check_account_change(&all, AccountId(1), None), refused);
        assert_eq!(check_account_change(&all, AccountId(2), None), Ok(()));
        let two = [account(1, Role::Admin), account(2, Role::Admin)];
        assert_eq!(check_account_change(&two, AccountId(1), None), Ok(()));
    }
}
