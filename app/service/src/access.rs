//! The caller of a use case and its permissions.

use phasegate_domain::{
    accounts::{Account, Reach, Role, Scope},
    ids::ActorName,
};

use crate::ServiceError;

/// The caller of a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    role: Role,
    /// `None` unless the caller uses a server token.
    token: Option<TokenRights>,
    /// The e-mail address of the responsible account, or the name if there is no account.
    owner: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TokenRights {
    scopes: Vec<Scope>,
    reach: Reach,
}

impl From<&Account> for Actor {
    fn from(account: &Account) -> Self {
        let (name, owner) = (account.email.clone(), account.email.clone());
        Self { name, role: account.role, token: None, owner }
    }
}

impl Actor {
    /// Creates the caller for a server token; `owner` is the account responsible for it.
    #[must_use]
    pub fn from_token(name: &str, role: Role, scopes: &[Scope], reach: Reach, owner: &str) -> Self {
        let token = Some(TokenRights { scopes: scopes.to_vec(), reach });
        Self { name: format!("token {name}"), role, token, owner: owner.to_owned() }
    }

    /// Creates the caller for the command line, with the admin role: its user can write the data
    /// folder, so a lower role would not restrict them.
    #[must_use]
    pub fn from_command_line(user: &str) -> Self {
        let name = format!("command line ({user})");
        Self { owner: name.clone(), name, role: Role::Admin, token: None }
    }

    /// Makes `account` responsible for the caller's actions, such as votes. Name and role stay.
    #[must_use]
    pub fn acting_for(self, account: &Account) -> Self {
        Self { owner: account.email.clone(), ..self }
    }

    /// Creates the caller for scheduled changes, with the admin role.
    #[must_use]
    pub(crate) fn from_schedule() -> Self {
        let name = "schedule".to_owned();
        Self { owner: name.clone(), name, role: Role::Admin, token: None }
    }

    /// The name as written to the audit log.
    #[must_use]
    pub fn name(&self) -> ActorName {
        ActorName(self.name.clone())
    }

    /// The account responsible for the caller's actions; for a token, the account that owns it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The role that permissions are checked against.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns whether the caller uses a server token.
    #[must_use]
    pub fn is_token(&self) -> bool {
        self.token.is_some()
    }

    /// Requires the operator role, and of a token the reach of a project, to change state that all
    /// environments of a project share. `what` names that state in the error. The number of
    /// environments does not matter, so that adding one does not change a token's rights.
    ///
    /// # Errors
    /// Returns [`ServiceError::TokenReach`] for tokens of one environment, otherwise the errors of
    /// [`Actor::require_role`].
    pub(crate) fn require_shared(&self, what: &str) -> Result<(), ServiceError> {
        self.require_role(Role::Operator)?;
        match &self.token {
            Some(TokenRights { reach: Reach::Environment, .. }) => {
                Err(ServiceError::TokenReach { what: what.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Requires a role or a higher one.
    ///
    /// # Errors
    /// Returns [`ServiceError::Forbidden`], or [`ServiceError::TokenScope`] for tokens.
    pub(crate) fn require_role(&self, needed: Role) -> Result<(), ServiceError> {
        if self.role >= needed {
            return Ok(());
        }
        Err(match &self.token {
            Some(token) => ServiceError::TokenScope {
                needed: Scope::required_for_role(needed),
                found: token.scopes.clone(),
            },
            None => ServiceError::Forbidden { needed, found: self.role },
        })
    }
}

#[cfg(test)]
mod tests {
    use phasegate_domain::ids::AccountId;

    use super::*;

    #[test]
    fn a_role_includes_the_rights_of_lower_roles() {
        let actor = |role| Actor::from(&Account { id: AccountId(1), email: "a@b".into(), role });
        assert!(actor(Role::Admin).require_role(Role::Operator).is_ok());
        assert!(actor(Role::Operator).require_role(Role::Operator).is_ok());
        let refused = actor(Role::Viewer).require_role(Role::Operator).unwrap_err();
        assert_eq!(refused.to_string(), "this needs the role operator; yours is viewer");
    }

    #[test]
    fn token_errors_name_the_missing_scope_or_reach() {
        let token = |scope, reach| {
            let scopes = [Scope::Evaluate, scope];
            Actor::from_token(
                "ci",
                Scope::highest_role(&scopes).unwrap(),
                &scopes,
                reach,
                "ada@example.com",
            )
        };
        let reader = token(Scope::Read, Reach::Project);
        assert_eq!(
            reader.require_role(Role::Operator).unwrap_err().to_string(),
            "this needs the scope write; the token has evaluate, read"
        );
        let local = token(Scope::Admin, Reach::Environment);
        assert!(local.require_role(Role::Admin).is_ok());
        let refused = local.require_shared("variants").unwrap_err().to_string();
        assert!(refused.starts_with("variants: shared by all environments"), "{refused}");
        assert!(token(Scope::Write, Reach::Project).require_shared("variants").is_ok());
    }
}
