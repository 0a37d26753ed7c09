//! The first start, and the plan that it loads.

use phasegate_domain::rollout::{InvalidPlan, PlanFile};
use phasegate_store::models::{Created, FirstStart};

use crate::{
    Service, ServiceError,
    accounts::{self, MIN_PASSWORD_CHARS},
    secrets,
};

/// What the first start makes, in clear; shown once and then only kept as digests.
#[derive(Debug, Clone)]
pub struct FirstSecrets {
    /// The first admin's address.
    pub email: String,
    /// The first admin's password.
    pub password: String,
    /// The public key of pages.
    pub client_key: String,
    /// An admin-scoped token.
    pub server_token: String,
}

/// Why a first start's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The login form would not take it.
    #[error("admin_email: {0:?} is not an e-mail address")]
    Email(String),
    /// Too easily guessed.
    #[error("admin_password: at least {MIN_PASSWORD_CHARS} characters are needed")]
    Password,
    /// Something else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Creates the first admin, project, environment, keys and plan in one go, unless somebody is
/// there: `None`. The seeds are for the password's hash and for the rollout's salt.
///
/// # Errors
/// When the settings cannot be used, or storage fails.
pub async fn first_start(
    service: &Service,
    new: &FirstSecrets,
    plan: PlanFile,
    [hash_seed, salt_seed]: [secrets::Seed; 2],
) -> Result<Option<Created>, FirstStartError> {
    if !new.email.contains('@') || new.email.contains(char::is_whitespace) {
        return Err(FirstStartError::Email(new.email.clone()));
    }
    if new.password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(FirstStartError::Password);
    }
    let first = FirstStart {
        email: new.email.clone(),
        password_hash: accounts::hash_password(&new.password, hash_seed)?,
        client_key: new.client_key.clone(),
        server_token: secrets::digest(new.server_token.as_bytes()),
        plan: Some((plan, secrets::text("", &salt_seed, 16))),
        at: service.now(),
    };
    let created = service.state.first_start(&first).await.map_err(ServiceError::from)?;
    if created.is_some() {
        service.reload().await?;
    }
    Ok(created)
}

/// Whether nobody can log in yet.
///
/// # Errors
/// When storage fails.
pub async fn is_first_start(service: &Service) -> Result<bool, ServiceError> {
    Ok(service.state.environments().await?.is_empty())
}

/// Why a plan's text is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Not TOML, or not of this shape; says the line.
    #[error("{0}")]
    Malformed(#[from] toml::de::Error),
    /// Well-formed, but a field is wrong.
    #[error("{0}")]
    Invalid(#[from] InvalidPlan),
}

/// Reads a plan file.
///
/// # Errors
/// Says line or field of what is wrong.
pub fn parse_plan(text: &str) -> Result<PlanFile, PlanError> {
    let file: PlanFile = toml::from_str(text)?;
    file.validate()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_plan_is_whole() {
        let file = parse_plan(include_str!("../../../server/plans/exercise-library.toml")).unwrap();
        assert_eq!((file.flags.len(), file.segments.len(), file.plan.phases.len()), (9, 5, 6));
        let planned: Vec<f64> = file.plan.phases.iter().map(|p| p.percentage.percent()).collect();
        assert_eq!(planned, [0.1, 5.0, 20.0, 50.0, 75.0, 100.0]);
        for flag in &file.flags {
            assert!(file.plan.phase_that_adds(&flag.key).is_some(), "{}", flag.key);
        }
    }

    #[test]
    fn a_malformed_plan_names_its_line() {
        let error = parse_plan("format = 1\nkey = \"a\"\nname = \n").unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
