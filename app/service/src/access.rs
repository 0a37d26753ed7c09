//! Who is calling, and whether they may.

use phasegate_domain::{
    accounts::{Account, Reach, Role, Scope},
    ids::ActorName,
};

use crate::ServiceError;

/// Who is calling a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    role: Role,
    /// What a server token is good for; none for users.
    token: Option<TokenRights>,
    /// The account that answers for what is done.
    owner: String,
}

/// What a server token is good for.
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
    /// A program with a server token, which acts for the account that answers for it.
    #[must_use]
    pub fn token(name: &str, role: Role, scopes: &[Scope], reach: Reach, owner: &str) -> Self {
        let token = Some(TokenRights { scopes: scopes.to_vec(), reach });
        Self { name: format!("token {name}"), role, token, owner: owner.to_owned() }
    }

    /// A user of the machine who can read and write the data folder, and so could do anything anyway.
    #[must_use]
    pub fn command_line(user: &str) -> Self {
        let name = format!("command line ({user})");
        Self { owner: name.clone(), name, role: Role::Admin, token: None }
    }

    /// The same caller, for an account: what they say counts as that account's.
    #[must_use]
    pub fn acting_for(self, account: &Account) -> Self {
        Self { owner: account.email.clone(), ..self }
    }

    /// The clock, which carries out scheduled changes.
    #[must_use]
    pub(crate) fn schedule() -> Self {
        let name = "schedule".to_owned();
        Self { owner: name.clone(), name, role: Role::Admin, token: None }
    }

    /// As the audit log writes it.
    #[must_use]
    pub fn name(&self) -> ActorName {
        ActorName(self.name.clone())
    }

    /// The account that answers for what is done: a token's is that of its maker.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What the caller is trusted with.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it is a program with a server token.
    #[must_use]
    pub fn is_token(&self) -> bool {
        self.token.is_some()
    }

    /// Lets through callers who may change what all environments of a project share: `what` names it.
    /// How many environments there are makes no difference, so that a token's rights stay what they
    /// are when one is added.
    ///
    /// # Errors
    /// [`ServiceError::TokenReach`] for tokens of one environment, otherwise as [`Actor::require`].
    pub(crate) fn require_shared(&self, what: &str) -> Result<(), ServiceError> {
        self.require(Role::Operator)?;
        match &self.token {
            Some(TokenRights { reach: Reach::Environment, .. }) => {
                Err(ServiceError::TokenReach { what: what.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Lets through who has at least that role.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] otherwise; [`ServiceError::TokenScope`] for tokens.
    pub fn require(&self, needed: Role) -> Result<(), ServiceError> {
        if self.role >= needed {
            return Ok(());
        }
        Err(match &self.token {
            Some(token) => ServiceError::TokenScope {
                needed: Scope::of_role(needed),
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
    fn a_role_may_do_what_lesser_roles_may() {
        let actor = |role| Actor::from(&Account { id: AccountId(1), email: "a@b".into(), role });
        assert!(actor(Role::Admin).require(Role::Operator).is_ok());
        assert!(actor(Role::Operator).require(Role::Operator).is_ok());
        let refused = actor(Role::Viewer).require(Role::Operator).unwrap_err();
        assert_eq!(refused.to_string(), "this needs the role operator; yours is viewer");
    }

    #[test]
    fn a_token_is_refused_in_terms_of_tokens() {
        let token = |scope, reach| {
            let scopes = [Scope::Evaluate, scope];
            Actor::token("ci", Scope::role(&scopes).unwrap(), &scopes, reach, "ada@example.com")
        };
        let reader = token(Scope::Read, Reach::Project);
        assert_eq!(
            reader.require(Role::Operator).unwrap_err().to_string(),
            "this needs the scope write; the token has evaluate, read"
        );
        let local = token(Scope::Admin, Reach::Environment);
        assert!(local.require(Role::Admin).is_ok());
        let refused = local.require_shared("variants").unwrap_err().to_string();
        assert!(refused.starts_with("variants: shared by all environments"), "{refused}");
        assert!(token(Scope::Write, Reach::Project).require_shared("variants").is_ok());
    }
}
