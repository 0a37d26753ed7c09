//! The first start, and the plan that it loads.

use crate::{
    Service, ServiceError, accounts,
    check::new_flag,
    secrets,
    toml_document::{Document, InvalidDocument},
};
use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    flags::Flag,
    plan::{Plan, PlanFile},
    targeting::Segment,
};
use phasegate_store::models::{Created, FirstPlan, FirstStart};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The credentials of the first start in clear text. They are shown once; of password and token,
/// only a hash and a digest are stored.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct FirstSecrets {
    /// The first admin's address.
    pub email: String,
    /// The first admin's password.
    pub password: String,
    /// The public client key of pages.
    pub client_key: String,
    pub server_token: String,
}

/// The reason why a first start fails.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The login form would refuse the address.
    #[error("admin_email: {0:?} is not an e-mail address")]
    Email(String),
    /// The password is too short, or longer than the login accepts.
    #[error("admin_password: {0}")]
    Password(#[from] accounts::InvalidPassword),
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Creates the first admin, project, environment, keys and plan in one transaction. Returns `None`
/// if there is an account already. The seeds are for the password hash and the rollout's salt.
///
/// # Errors
/// Returns an error if a setting is invalid or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
pub async fn run_first_start(
    service: &Service,
    new: &FirstSecrets,
    plan: PlanFile,
    [hash_seed, salt_seed]: [secrets::Seed; 2],
) -> Result<Option<Created>, FirstStartError> {
    if !new.email.contains('@') || new.email.contains(char::is_whitespace) {
        return Err(FirstStartError::Email(new.email.clone()));
    }
    accounts::check_password(&new.password)?;
    let first = FirstStart {
        email: new.email.clone(),
        password_hash: accounts::hash_password(&new.password, hash_seed)?,
        client_key: new.client_key.clone(),
        server_token: secrets::hash_secret(new.server_token.as_bytes()),
        plan: Some(FirstPlan {
            plan: plan.plan,
            salt: secrets::random_text("", &salt_seed, 16),
            segments: plan.segments,
            flags: plan.flags.into_iter().map(new_flag).collect(),
        }),
        at: service.now(),
    };
    let created =
        service.stores.state.create_first_environment(&first).await.map_err(ServiceError::from)?;
    if created.is_some() {
        service.reload_configuration().await?;
    }
    Ok(created)
}

/// The settings of the first start that differ from the stored state and are therefore ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IgnoredSettings {
    /// No account has this address.
    pub email: bool,
    /// The account has a different password.
    pub password: bool,
    /// No such client key exists.
    pub client_key: bool,
    /// No such server token exists.
    pub server_token: bool,
}

/// Compares settings of the first start with the stored state.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn find_ignored_settings(
    service: &Service,
    email: Option<&str>,
    password: Option<&str>,
    client_key: Option<&str>,
    server_token: Option<&str>,
) -> Result<IgnoredSettings, ServiceError> {
    let account = match email {
        Some(email) => service.stores.state.read_account(email).await?,
        None => None,
    };
    let password = match (&account, password) {
        (Some(account), Some(password)) => {
            !accounts::is_password(service, password, &account.password_hash).await?
        }
        _ => false,
    };
    let directory = service.config.directory();
    let is_unknown_token =
        |token: &str| !directory.tokens.contains_key(&secrets::hash_secret(token.as_bytes()));
    Ok(IgnoredSettings {
        email: email.is_some() && account.is_none(),
        password,
        client_key: client_key.is_some_and(|key| !directory.client_keys.contains_key(key)),
        server_token: server_token.is_some_and(is_unknown_token),
    })
}

/// Returns whether there is no environment yet.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn is_first_start(service: &Service) -> Result<bool, ServiceError> {
    Ok(service.stores.state.read_environments().await?.is_empty())
}

/// Parses a plan file that defines all flags and segments that it names.
///
/// # Errors
/// Returns the line, column and field of the first error.
pub fn parse_plan(text: &str) -> Result<PlanFile, InvalidDocument> {
    parse_plan_within(text, |_| {})
}

/// Parses a plan file that may name existing flags and segments. `complete` adds these to the copy
/// that is validated.
///
/// # Errors
/// Returns the line, column and field of the first error.
pub(crate) fn parse_plan_within(
    text: &str,
    complete: impl FnOnce(&mut PlanFile),
) -> Result<PlanFile, InvalidDocument> {
    let document = Document::parse(text)?;
    let mut fields = document.to_json()?;
    if let Some(field) = fields.keys().find(|field| !PlanFile::FIELDS.contains(&field.as_str())) {
        let known = PlanFile::FIELDS.join(", ");
        let message = format!("there is no such field; there are {known}");
        return Err(document.locate(FieldError::new(field, FieldCode::Unknown, message)));
    }
    // The fields of the plan are in the same TOML table as these.
    let mut own = Map::new();
    for name in ["format", "segments", "flags"] {
        if let Some(value) = fields.remove(name) {
            own.insert(name.to_owned(), value);
        }
    }
    let parts: PlanParts = document.deserialize_part(Value::Object(own))?;
    let plan: Plan = document.deserialize_part(Value::Object(fields))?;
    let PlanParts { format, segments, flags } = parts;
    let file = PlanFile { format, segments, flags, plan };
    let mut whole = file.clone();
    complete(&mut whole);
    whole.validate().map_err(|error| document.locate(error.into()))?;
    Ok(file)
}

/// The fields of a plan file apart from those of the plan.
#[derive(Deserialize)]
struct PlanParts {
    format: u32,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    flags: Vec<Flag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_plan_adds_every_flag_in_a_phase() {
        let file = parse_plan(include_str!("../plans/exercise-library.toml")).unwrap();
        assert_eq!((file.flags.len(), file.segments.len(), file.plan.phases.len()), (9, 5, 6));
        let planned: Vec<f64> = file.plan.phases.iter().map(|p| p.percentage.percent()).collect();
        assert_eq!(planned, [0.1, 5.0, 20.0, 50.0, 75.0, 100.0]);
        for flag in &file.flags {
            assert!(file.plan.phase_that_adds(&flag.key).is_some(), "{}", flag.key);
        }
    }

    #[test]
    fn a_wrong_field_is_named_with_its_line() {
        let text = include_str!("../plans/exercise-library.toml");
        let complaint = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            parse_plan(&text.replacen(from, to, 1)).unwrap_err().to_string()
        };
        let line = |part: &str| {
            let place = text.find(part).unwrap();
            1 + text.get(..place).unwrap().matches('\n').count()
        };
        let social = "scope = \"EXERCISE_SOCIAL_FEATURES\"";
        let found = complaint(social, "scope = \"AI_EXERCISE_COACHING\"");
        let begin = format!(
            "line {}, column 9: phases[4].criteria[0].scope: no phase so far",
            line(social)
        );
        assert!(found.starts_with(&begin), "{found}");
        // Phase 2 admits both of its segments as a whole, so there is no control arm.
        let score = "threshold = 85\n";
        let found = complaint(score, "threshold = 85\ncompared_with = \"control\"\n");
        let begin =
            format!("line {}, column 17: phases[1].criteria[2].compared_with:", line(score) + 1);
        assert!(found.starts_with(&begin), "{found}");
        let found = complaint("quorum = 2", "qourum = 2");
        let begin =
            format!("line {}, column 10: qourum: there is no such field", line("quorum = 2"));
        assert!(found.starts_with(&begin), "{found}");
        let event = "event = \"premium_conversion\"\n";
        let found = complaint(event, "");
        assert!(found.contains(": kpis[7].event: name the event"), "{found}");
        let falling = complaint("percentage = 20\n", "percentage = 2\n");
        assert!(
            falling.starts_with(&format!(
                "line {}, column 14: phases[2].percentage:",
                line("percentage = 20")
            )),
            "{falling}"
        );
        let unknown = complaint("segment = \"new_users\", share", "segment = \"old_users\", share");
        assert!(unknown.contains("phases[2].audience: there is no segment old_users"), "{unknown}");
        let metric = complaint("metric = \"error_rate\"", "metric = \"moon\"");
        assert!(metric.contains("there is no \"moon\"; ") && metric.contains("line "), "{metric}");
        let format = complaint("format = 1", "format = 2");
        assert!(
            format.contains("format: this version reads format 1, the file says 2"),
            "{format}"
        );
    }

    #[test]
    fn a_malformed_plan_names_its_line() {
        let error = parse_plan("format = 1\nkey = \"a\"\nname = \n").unwrap_err().to_string();
        assert!(error.starts_with("line 3, column "), "{error}");
        let text = include_str!("../plans/exercise-library.toml");
        for (from, to, begin) in [
            ("percentage = 20\n", "percentage = \"x\"\n", "phases[2].percentage: must be a number"),
            ("percentage = 20\n", "percentge = 1\n", "phases[2].percentge: there is no such field"),
        ] {
            let error = parse_plan(&text.replacen(from, to, 1)).unwrap_err();
            assert!(error.problem.to_string().starts_with(begin), "{error}");
            assert_eq!(error.to_string().matches("line ").count(), 1, "{error}");
            assert!(error.line > 10 && error.column > 10, "{error}");
        }
    }
}
