//! Who is calling, and whether they may.

use std::sync::Arc;

use phasegate_domain::{
    history::ActorName,
    people::{Person, Role},
};

use crate::{LiveEnvironment, ServiceError};

/// Who is calling a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    role: Role,
    /// Whether it is trusted with one environment only.
    is_local: bool,
}

impl From<&Person> for Actor {
    fn from(person: &Person) -> Self {
        Self { name: person.email.clone(), role: person.role, is_local: false }
    }
}

impl Actor {
    /// Whoever holds a server token.
    #[must_use]
    pub fn token(name: &str, role: Role) -> Self {
        Self { name: format!("token {name}"), role, is_local: true }
    }

    /// Whoever can read and write the data folder: they could do anything anyway.
    #[must_use]
    pub fn command_line(user: &str) -> Self {
        Self { name: format!("command line ({user})"), role: Role::Admin, is_local: false }
    }

    /// The clock, which carries out what somebody has scheduled.
    #[must_use]
    pub(crate) fn schedule() -> Self {
        Self { name: "schedule".to_owned(), role: Role::Admin, is_local: false }
    }

    /// As the history writes it.
    #[must_use]
    pub fn name(&self) -> ActorName {
        ActorName(self.name.clone())
    }

    /// What the caller is trusted with.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Lets through who may change what several environments share: flags themselves and segments.
    /// A token of one environment may only if it is an admin's, or if there is no other.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] otherwise.
    pub(crate) fn require_shared(
        &self,
        sharing: &[Arc<LiveEnvironment>],
    ) -> Result<(), ServiceError> {
        let is_alone = !self.is_local || sharing.len() < 2;
        self.require(if is_alone { Role::Operator } else { Role::Admin })
    }

    /// Lets through who has at least that role.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] otherwise.
    pub fn require(&self, needed: Role) -> Result<(), ServiceError> {
        if self.role < needed {
            return Err(ServiceError::Forbidden { needed, found: self.role });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use phasegate_domain::ids::UserId;

    use super::*;

    #[test]
    fn a_role_may_do_what_lesser_roles_may() {
        let actor = |role| Actor::from(&Person { id: UserId(1), email: "a@b".into(), role });
        assert!(actor(Role::Admin).require(Role::Operator).is_ok());
        assert!(actor(Role::Operator).require(Role::Operator).is_ok());
        let refused = actor(Role::Viewer).require(Role::Operator).unwrap_err();
        assert_eq!(refused.to_string(), "this needs the role operator; yours is viewer");
    }
}
