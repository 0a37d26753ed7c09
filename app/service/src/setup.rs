//! The first start, and the plan that it loads.

use phasegate_domain::rollout::{InvalidPlan, PlanFile};
use phasegate_store::models::{Created, FirstStart};
use toml::de::{DeTable, DeValue};

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

/// Why a first start's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The login form would not take it.
    #[error("admin_email: {0:?} is not an e-mail address")]
    Email(String),
    /// Too short, or longer than the login form takes.
    #[error("admin_password: {0}")]
    Password(#[from] accounts::InvalidPassword),
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
    accounts::check_password(&new.password)?;
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
    #[error("line {line}: {error}")]
    Invalid {
        /// Where the field is, from 1.
        line: usize,
        /// What is wrong with it.
        error: InvalidPlan,
    },
}

/// Reads a plan file that has all that it needs.
///
/// # Errors
/// Says line and field of what is wrong.
pub fn parse_plan(text: &str) -> Result<PlanFile, PlanError> {
    parse_plan_within(text, |_| {})
}

/// Reads a plan file that may rest on what is there already: `complete` adds that for the check.
///
/// # Errors
/// Says line and field of what is wrong.
pub(crate) fn parse_plan_within(
    text: &str,
    complete: impl FnOnce(&mut PlanFile),
) -> Result<PlanFile, PlanError> {
    let file: PlanFile = toml::from_str(text)?;
    let fields: toml::Table = toml::from_str(text)?;
    if let Some(field) = fields.keys().find(|field| !PlanFile::FIELDS.contains(&field.as_str())) {
        let (line, field) = (line_of(text, field), field.clone());
        let problem = format!("there is no such field; there are {}", PlanFile::FIELDS.join(", "));
        return Err(PlanError::Invalid { line, error: InvalidPlan::Field { field, problem } });
    }
    let mut whole = file.clone();
    complete(&mut whole);
    whole.validate().map_err(|error| {
        let path = error.to_string();
        PlanError::Invalid {
            line: line_of(text, path.split(':').next().unwrap_or_default()),
            error,
        }
    })?;
    Ok(file)
}

/// The line of a field such as `phases[1].percentage`; where it is not there, that of what it would
/// be in.
fn line_of(text: &str, path: &str) -> usize {
    let Ok(table) = DeTable::parse(text) else { return 1 };
    let mut place = table.span().start;
    let mut within: Option<&DeValue<'_>> = None;
    for (depth, step) in path.split(['.', '[']).enumerate() {
        let found = match (depth, within) {
            (0, _) => table.get_ref().get(step),
            (_, Some(DeValue::Table(inner))) => inner.get(step),
            (_, Some(DeValue::Array(inner))) => {
                step.trim_end_matches(']').parse().ok().and_then(|at: usize| inner.get(at))
            }
            _ => None,
        };
        let Some(found) = found else { break };
        place = found.span().start;
        within = Some(found.get_ref());
    }
    1 + text.get(..place).unwrap_or_default().matches('\n').count()
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
    fn a_wrong_field_is_named_with_its_line() {
        let text = include_str!("../../../server/plans/exercise-library.toml");
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
        let begin = format!("line {}: phases[4].criteria[0].scope: no phase so far", line(social));
        assert!(found.starts_with(&begin), "{found}");
        // All of both segments of phase 2 are let in, so there is nobody to compare with.
        let score = "threshold = 85\n";
        let found = complaint(score, "threshold = 85\ncompared_with = \"control\"\n");
        let begin = format!("line {}: phases[1].criteria[2].compared_with:", line(score) + 1);
        assert!(found.starts_with(&begin), "{found}");
        let found = complaint("quorum = 2", "qourum = 2");
        let begin = format!("line {}: qourum: there is no such field", line("quorum = 2"));
        assert!(found.starts_with(&begin), "{found}");
        let event = "event = \"premium_conversion\"\n";
        let found = complaint(event, "");
        assert!(found.contains(": kpis[7].event: name the event"), "{found}");
        let falling = complaint("percentage = 20\n", "percentage = 2\n");
        assert!(
            falling
                .starts_with(&format!("line {}: phases[2].percentage:", line("percentage = 20"))),
            "{falling}"
        );
        let unknown = complaint("segment = \"new_users\", share", "segment = \"old_users\", share");
        assert!(unknown.contains("phases[2].audience: there is no segment old_users"), "{unknown}");
        let metric = complaint("metric = \"error_rate\"", "metric = \"moon\"");
        assert!(metric.contains("unknown variant `moon`") && metric.contains("line "), "{metric}");
        let format = complaint("format = 1", "format = 2");
        assert!(
            format.contains("format: this version reads format 1, the file says 2"),
            "{format}"
        );
    }

    #[test]
    fn a_malformed_plan_names_its_line() {
        let error = parse_plan("format = 1\nkey = \"a\"\nname = \n").unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
