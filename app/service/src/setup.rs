//! The first start, and the plan that it loads.

use phasegate_domain::{
    ids::EnvironmentId,
    rollout::{InvalidPlan, PlanFile},
};
use phasegate_store::models::{Created, FirstStart};

use crate::{Service, ServiceError, accounts, secrets};

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

/// Creates the first admin, project, environment and keys, unless somebody is there: `None`.
///
/// # Errors
/// When storage fails.
pub async fn first_start(
    service: &Service,
    new: &FirstSecrets,
    salt: secrets::Seed,
) -> Result<Option<Created>, ServiceError> {
    let first = FirstStart {
        email: new.email.clone(),
        password_hash: accounts::hash_password(&new.password, salt)?,
        client_key: new.client_key.clone(),
        server_token: secrets::digest(new.server_token.as_bytes()),
    };
    let created = service.state.first_start(&first).await?;
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

/// Brings a plan into an environment, as a draft.
///
/// # Errors
/// When its rollout is there already, or storage fails.
pub async fn load_plan(
    service: &Service,
    environment: EnvironmentId,
    file: &PlanFile,
    salt: secrets::Seed,
) -> Result<(), ServiceError> {
    service.state.load_plan(environment, file, &secrets::text("", &salt, 16)).await?;
    service.reload().await
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
        let error = parse_plan("format = 1\nkey = \"a\"\nname = 7\n").unwrap_err().to_string();
        assert!(error.contains("line 3") || error.contains("invalid type"), "{error}");
    }
}
