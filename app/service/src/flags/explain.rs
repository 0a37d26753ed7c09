//! Explains which variants users get, and why.

use phasegate_domain::{
    accounts::Role,
    config::FlagEntry,
    evaluation::{evaluate_flag, explain_flag as explain_one},
    field_error::{FieldCode, FieldError},
    ids::{EnvironmentId, FlagKey, VariantName},
    reports::{ExplainedAnswer, Explanation},
    targeting::EvaluationContext,
};
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{CachedEnvironment, ObjectKind, Service, ServiceError, access::Actor};

/// The maximum number of users of a batch.
const MAX_BATCH: usize = 10_000;

/// Parses a context of the debugger: a user's key, and attributes as a JSON object or as lines such
/// as `plan = pro`. Both may be empty. `user` takes precedence over a `targetingKey` attribute.
///
/// # Errors
/// Returns an error that names what cannot be parsed.
pub fn parse_context(user: &str, attributes: &str) -> Result<EvaluationContext, ServiceError> {
    let invalid = |text: String| FieldError::new("attributes", FieldCode::Invalid, text);
    let mut json = match attributes.trim() {
        "" => Value::Object(Map::new()),
        text if text.starts_with('{') => {
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?
        }
        text => parse_attribute_lines(text)?,
    };
    if let Some(fields) = json.as_object_mut()
        && !user.is_empty()
    {
        fields.insert(EvaluationContext::TARGETING_KEY.to_owned(), user.into());
    }
    Ok(EvaluationContext::from_json(json).map_err(|error| invalid(error.to_string()))?)
}

/// Parses one `name = value` per line. A value that is not JSON is a string.
fn parse_attribute_lines(text: &str) -> Result<Value, FieldError> {
    let line = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            let message = format!("{line:?} is neither JSON nor a line such as plan = pro");
            FieldError::new("attributes", FieldCode::Invalid, message)
        })?;
        let value = value.trim();
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok((name.trim().to_owned(), value))
    };
    let lines = text.lines().map(str::trim).filter(|text| !text.is_empty());
    Ok(Value::Object(lines.map(line).collect::<Result<Map<String, Value>, FieldError>>()?))
}

fn explain_entry(
    live: &CachedEnvironment,
    entry: &FlagEntry,
    context: &EvaluationContext,
    now: phasegate_domain::Timestamp,
) -> Explanation {
    let (answer, steps) = explain_one(&live.snapshot, entry, context, now);
    let answer = answer.ok().map(|answer| ExplainedAnswer {
        value: answer.value().clone(),
        variant: answer.variant.name.clone(),
        reason: answer.reason,
    });
    Explanation { flag: entry.flag.key.clone(), answer, steps }
}

/// Explains one flag, or all flags of an environment, for one context. Counts no evaluation.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, or the environment or flag does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn explain_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: Option<&FlagKey>,
    context: &EvaluationContext,
) -> Result<Vec<Explanation>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let now = service.now();
    if let Some(key) = flag {
        let missing = || ServiceError::not_found(ObjectKind::FlagInUse, key.as_str());
        let entry = live.snapshot.flag(key.as_str()).ok_or_else(missing)?;
        return Ok(vec![explain_entry(&live, entry, context, now)]);
    }
    Ok(live.snapshot.flags().map(|entry| explain_entry(&live, entry, context, now)).collect())
}

/// The answers of a flag for many users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The number of users per variant, which may be zero.
    pub variants: BTreeMap<VariantName, u64>,
    /// The number of users without an answer, because of a mistake in the flag.
    pub errors: u64,
    /// Each user's variant, in the order of the input.
    pub users: Vec<(String, Option<VariantName>)>,
}

/// Evaluates a flag for many users, one key per line, who all have the same attributes.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, the flag does not exist, the attributes are
/// invalid, or there are too many users.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn evaluate_batch(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    users: &str,
    attributes: &str,
) -> Result<Split, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let missing = || ServiceError::not_found(ObjectKind::FlagInUse, flag.as_str());
    let entry = live.snapshot.flag(flag.as_str()).ok_or_else(missing)?;
    let keys: Vec<&str> = users.lines().map(str::trim).filter(|key| !key.is_empty()).collect();
    if keys.len() > MAX_BATCH {
        let text = format!("{} are too many; at most {MAX_BATCH} at once", keys.len());
        return Err(ServiceError::invalid("users", FieldCode::TooMany, text));
    }
    let base = parse_context("", attributes)?;
    let now = service.now();
    let mut split = Split { variants: BTreeMap::new(), errors: 0, users: Vec::new() };
    for variant in &entry.flag.variants {
        split.variants.insert(variant.name.clone(), 0);
    }
    for key in keys {
        let context = base.clone().with_targeting_key(key);
        let variant = evaluate_flag(&live.snapshot, entry, &context, now).ok();
        let variant = variant.map(|answer| answer.variant.name.clone());
        match &variant {
            Some(name) => *split.variants.entry(name.clone()).or_default() += 1,
            None => split.errors += 1,
        }
        split.users.push((key.to_owned(), variant));
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_context_is_parsed_from_json_or_lines() {
        let expected = EvaluationContext::of_user("ada")
            .with_attribute("plan", "pro")
            .with_attribute("age", 42);
        for text in
            [r#"{"plan": "pro", "age": 42}"#, "plan = pro\nage=42\n", "plan = \"pro\"\n\nage = 42"]
        {
            assert_eq!(parse_context("ada", text).unwrap(), expected, "{text}");
        }
        let groups = parse_context("", "groups = [\"beta\"]\ntargetingKey = bob").unwrap();
        assert_eq!(groups.attribute("groups"), Some(&json!(["beta"])));
        assert_eq!(groups.targeting_key(), Some("bob"));
        assert!(
            parse_context("ada", "plan")
                .unwrap_err()
                .to_string()
                .starts_with("attributes: \"plan\" is neither")
        );
        assert!(parse_context("ada", "{").unwrap_err().to_string().starts_with("attributes:"));
    }
}
