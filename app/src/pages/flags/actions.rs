//! Actions on a flag that take one press.

use leptos::prelude::*;
use phasegate_domain::{
    flags::IndividualOverride,
    ids::{FlagKey, VariantName},
};
use phasegate_service::{
    ObjectKind, ServiceError,
    flags::{
        Expected, Found, change_flag, delete_flag, delete_override, restore_flag, save_override,
    },
};

use super::fields::read_seen_version;
use crate::{
    parts::EnvironmentField,
    request::{Form, PageError, Request},
};

/// Renders the switch of a flag; its form leads back to the list with the filters `asked`.
pub(super) fn render_switch(
    key: &FlagKey,
    name: &str,
    enabled: bool,
    state_version: i64,
    asked: &str,
) -> AnyView {
    let (checked, next) = if enabled { ("true", "false") } else { ("false", "true") };
    let key = key.to_string();
    let label = format!("{name} ({key})");
    view! {
        <form method="post" action="/admin/flags"><EnvironmentField/>
            <input type="hidden" name="flag" value=key/>
            <input type="hidden" name="asked" value=asked.to_owned()/>
            <input type="hidden" name="enabled" value=next/>
            <input type="hidden" name="version" value=state_version.to_string()/>
            <button class="switch" type="submit" role="switch" aria-checked=checked aria-label=label>
                <span class="switch-knob"></span>
            </button>
        </form>
    }
    .into_any()
}

/// Switches a flag from the list, if its state still has the version in the form.
pub(super) async fn switch_from_list(request: &Request) -> Result<(), PageError> {
    let Some(form) = &request.form else { return Ok(()) };
    let key: FlagKey = form.parse_field("flag")?;
    let (enabled, version) = (form.get("enabled") == "true", form.parse_version()?);
    set_enabled(request, &key, enabled, version).await?;
    // `asked` comes after the question mark, so it cannot redirect to another page.
    request.redirect_to(&format!("/admin/flags?{}", form.get("asked")));
    Ok(())
}

async fn set_enabled(
    request: &Request,
    key: &FlagKey,
    enabled: bool,
    version: i64,
) -> Result<(), PageError> {
    let stored = request.cached_environment()?.stored_flag(key.as_str())?.clone();
    if stored.state.version != version {
        return Err(ServiceError::Conflict(ObjectKind::Flag).into());
    }
    let expected = Expected::Version(stored.version());
    let now = request.service.now();
    let (service, actor) = (&request.service, &request.actor);
    change_flag(service, actor, request.environment, key, expected, |flag| {
        flag.enabled = enabled;
        // The last scheduled switch that is due would override this one.
        flag.schedule.retain(|switch| switch.at > now);
        Ok(())
    })
    .await?;
    Ok(())
}

/// Carries out the action of a form on a flag's page, then redirects to the page.
pub(super) async fn handle_flag_action(request: &Request, key: &FlagKey) -> Result<(), PageError> {
    let Some(form) = &request.form else { return Ok(()) };
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let here = format!("/admin/flags/{key}");
    let action = form.get("do");
    match action {
        "switch" => switch_in_environment(request, key, form).await?,
        "kill" | "revive" | "archive" | "unarchive" => {
            let expected = Expected::Version(read_seen_version(form)?);
            change_flag(service, actor, environment, key, expected, |flag| {
                match action {
                    "kill" => flag.killed = true,
                    "revive" => flag.killed = false,
                    "archive" => flag.archived = true,
                    _ => flag.archived = false,
                }
                Ok(())
            })
            .await?;
        }
        "delete" => {
            delete_flag(
                service,
                actor,
                environment,
                key,
                Expected::Version(read_seen_version(form)?),
            )
            .await?;
            request.redirect_to("/admin/flags?status=all");
            return Ok(());
        }
        "restore" => {
            let line = form
                .get("line")
                .parse()
                .map_err(|_| PageError::invalid("line: is missing; load the page again"))?;
            restore_flag(service, actor, environment, key, line).await?;
        }
        "override" => {
            let personal = read_override(request, key, form)?;
            save_override(service, actor, environment, personal, Found::Anything).await?;
        }
        "forget" => {
            let user = form.get("user");
            delete_override(service, actor, environment, key, user, form.parse_version().ok())
                .await?;
        }
        other => return Err(PageError::invalid(format!("do: there is no action {other:?}"))),
    }
    request.redirect_to(&format!("{here}?done={action}"));
    Ok(())
}

/// Switches a flag in the environment that the form names; the page has switches for all.
async fn switch_in_environment(
    request: &Request,
    key: &FlagKey,
    form: &Form,
) -> Result<(), PageError> {
    let wanted = form.get("environment");
    let own = request.cached_environment()?.environment().project_id;
    let all = request.service.environments();
    let found = all.iter().find(|live| {
        live.environment().project_id == own && live.environment().key.as_str() == wanted
    });
    let live = found.ok_or_else(|| {
        PageError::invalid(format!("environment: there is no environment {wanted:?}"))
    })?;
    let there = Request { environment: live.environment().id, ..request.clone() };
    set_enabled(&there, key, form.get("enabled") == "true", form.parse_version()?).await
}

fn read_override(
    request: &Request,
    key: &FlagKey,
    form: &Form,
) -> Result<IndividualOverride, PageError> {
    let variant: VariantName = form.parse_field("variant")?;
    let hours = match form.get("hours") {
        "" => None,
        text => {
            Some(text.parse::<u32>().ok().filter(|hours| (1..=87_600).contains(hours)).ok_or_else(
                || PageError::invalid("hours: must be a whole number from 1 to 87600"),
            )?)
        }
    };
    let expires_at =
        hours.map(|hours| request.service.now() + chrono::TimeDelta::hours(i64::from(hours)));
    Ok(IndividualOverride {
        flag: key.clone(),
        targeting_key: form.get("user").to_owned(),
        variant,
        expires_at,
        note: form.get("note").to_owned(),
    })
}
