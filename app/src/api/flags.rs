//! The flag page's doors.

use leptos::server;
use phasegate_domain::{
    flags::{Explanation, FlagRow},
    ids::FlagKey,
};

use super::ApiError;

/// All flags, in the order of the phases that add them.
///
/// # Errors
/// When nobody is logged in.
#[server(prefix = "/admin/fn", endpoint = "flags/list")]
pub(crate) async fn list_flags() -> Result<Vec<FlagRow>, ApiError> {
    let caller = super::caller()?;
    Ok(phasegate_service::flags::list(&caller.service, &caller.actor, caller.environment)?)
}

/// Switches a flag, if it is still as `version` says. Leads back to the page.
///
/// # Errors
/// When the caller may not, there is no such flag, or somebody else was first.
#[server(prefix = "/admin/fn", endpoint = "flags/switch")]
pub(crate) async fn switch_flag(
    flag: FlagKey,
    enabled: bool,
    version: i64,
) -> Result<(), ApiError> {
    let caller = super::caller()?;
    phasegate_service::flags::switch(
        &caller.service,
        &caller.actor,
        caller.environment,
        &flag,
        enabled,
        version,
    )
    .await?;
    leptos_axum::redirect("/admin/flags");
    Ok(())
}

/// What a user would get for every flag, and why. `attributes` is a JSON object or empty.
///
/// # Errors
/// When nobody is logged in, or the attributes are no JSON object.
#[server(prefix = "/admin/fn", endpoint = "flags/explain")]
pub(crate) async fn explain_flags(
    targeting_key: String,
    #[server(default)] attributes: String,
) -> Result<Vec<Explanation>, ApiError> {
    use phasegate_domain::context::EvaluationContext;

    use super::ErrorKind::Invalid;

    let caller = super::caller()?;
    let attributes = attributes.trim();
    let mut context = if attributes.is_empty() {
        serde_json::Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_str(attributes)
            .map_err(|error| ApiError::new(Invalid, format!("Attributes: {error}.")))?
    };
    if let Some(context) = context.as_object_mut() {
        context.insert("targetingKey".to_owned(), targeting_key.into());
    }
    let context = EvaluationContext::from_json(context)
        .map_err(|error| ApiError::new(Invalid, format!("Attributes: {error}.")))?;
    let (service, actor) = (&caller.service, &caller.actor);
    Ok(phasegate_service::flags::explain(service, actor, caller.environment, &context)?)
}
