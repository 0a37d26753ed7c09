//! Who is calling, and whether they may.

use phasegate_domain::{
    history::ActorName,
    people::{Person, Role},
};

use crate::ServiceError;

/// Who is calling a use case of the admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    role: Role,
}

impl From<&Person> for Actor {
    fn from(person: &Person) -> Self {
        Self { name: person.email.clone(), role: person.role }
    }
}

impl Actor {
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
