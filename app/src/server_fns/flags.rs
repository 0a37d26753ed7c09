//! Server functions of flags.

use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use phasegate_domain::{
    accounts::Role,
    field_error::{FieldCode, FieldError},
    flags::FlagDocument,
};
use phasegate_domain::{
    flags::FlagKind,
    ids::{EnvironmentKey, FlagKey},
};
#[cfg(feature = "ssr")]
use phasegate_service::{
    ServiceError,
    accounts::{drop_account_value, keep_account_value, list_account_values},
    flags::{self as service, Expected, FlagAction},
    models::{AccountValue, AccountValueKind, FlagVersion, StoredFlag},
};

use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use super::{
    caller::{Caller, Visitor, public_origin, read_caller, read_visitor},
    done::undo_with,
};
use crate::models::{BulkAct, Done, EditorPreview, FlagDraft, FlagFilter, FlagList, FlagPage};
#[cfg(feature = "ssr")]
use crate::models::{
    ListContext, asks_first, build_flag_list, build_flag_page, build_flag_preview, parse_seen_flag,
};

/// Reads the flags that match a filter.
#[server(prefix = "/admin/fn", endpoint = "flags/list", input = GetUrl, output = JsonResult)]
pub async fn list_flags(
    environment: EnvironmentKey,
    #[server(default)] filter: FlagFilter,
) -> Result<FlagList, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let rows = service::list_flags(&service, &actor, environment).await?;
    let live = service.environment(environment)?;
    let account = read_visitor()?.account;
    let kind = AccountValueKind::FlagFilter;
    let saved = list_account_values(&service, &account, environment, kind).await?;
    let context = ListContext {
        saved,
        at: service.now(),
        environment: live.environment().name.clone(),
        asks: asks_first(&live.environment().key),
        can_act: actor.role() >= Role::Operator,
    };
    Ok(build_flag_list(rows, filter, context))
}

/// Reads a flag with the data of its page.
#[server(prefix = "/admin/fn", endpoint = "flags/read", input = GetUrl, output = JsonResult)]
pub async fn read_flag(environment: EnvironmentKey, flag: FlagKey) -> Result<FlagPage, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let detail = service::read_flag_detail(&service, &actor, environment, &flag).await?;
    let live = service.environment(environment)?;
    let (can_change, origin) = (actor.role() >= Role::Operator, public_origin()?);
    Ok(build_flag_page(detail, &live, can_change, &origin, service.now()))
}

/// Switches a flag on or off. `version` is that of its state.
#[server(prefix = "/admin/fn", endpoint = "flags/switch", output = JsonResult)]
pub async fn switch_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    enabled: bool,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    service::switch_flag(&service, &actor, here, &flag, enabled, version).await?;
    let live = service.environment(here)?;
    let (name, version) =
        (&live.environment().name, live.stored_flag(flag.as_str())?.state.version);
    let (position, back) = if enabled { ("on", false) } else { ("off", true) };
    let text =
        format!("Switched {flag} {position} in {name}. Connected clients have been notified.");
    let fields = [
        ("flag", flag.to_string()),
        ("enabled", back.to_string()),
        ("version", version.to_string()),
    ];
    Ok(undo_with::<SwitchFlag>(Done::new(text), &environment, fields))
}

/// Carries out an action, and describes it with the action that takes it back.
#[cfg(feature = "ssr")]
async fn act<U: leptos::server_fn::ServerFn>(
    environment: &EnvironmentKey,
    flag: &FlagKey,
    action: FlagAction,
    version: FlagVersion,
    text: &str,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(environment)?;
    service::apply_flag_action(&service, &actor, here, flag, action, version).await?;
    let version = service.environment(here)?.stored_flag(flag.as_str())?.version();
    let fields = [
        ("flag", flag.to_string()),
        ("definition", version.definition.to_string()),
        ("state", version.state.to_string()),
    ];
    Ok(undo_with::<U>(Done::new(text), environment, fields))
}

/// Kills a flag: all users get its off variant, regardless of other settings.
#[server(prefix = "/admin/fn", endpoint = "flags/kill", output = JsonResult)]
pub async fn kill_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
) -> Result<Done, ApiError> {
    let text = "Killed. All users get the off variant, regardless of other settings.";
    let version = FlagVersion { definition, state };
    act::<ReviveFlag>(&environment, &flag, FlagAction::Kill, version, text).await
}

/// Revives a killed flag.
#[server(prefix = "/admin/fn", endpoint = "flags/revive", output = JsonResult)]
pub async fn revive_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
) -> Result<Done, ApiError> {
    let text = "Revived. Switch, rules and rollout apply again.";
    let version = FlagVersion { definition, state };
    act::<KillFlag>(&environment, &flag, FlagAction::Revive, version, text).await
}

/// Archives a flag: it is no longer evaluated in any environment.
#[server(prefix = "/admin/fn", endpoint = "flags/archive", output = JsonResult)]
pub async fn archive_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
) -> Result<Done, ApiError> {
    let text = "Archived. Apps that still ask for it get the default in their own code.";
    let version = FlagVersion { definition, state };
    act::<UnarchiveFlag>(&environment, &flag, FlagAction::Archive, version, text).await
}

/// Brings an archived flag back.
#[server(prefix = "/admin/fn", endpoint = "flags/unarchive", output = JsonResult)]
pub async fn unarchive_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
) -> Result<Done, ApiError> {
    let version = FlagVersion { definition, state };
    act::<ArchiveFlag>(&environment, &flag, FlagAction::Unarchive, version, "Unarchived.").await
}

/// Deletes a flag with its rules and overrides in all environments.
#[server(prefix = "/admin/fn", endpoint = "flags/delete", output = JsonResult)]
pub async fn delete_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let version = Expected::Version(FlagVersion { definition, state });
    service::delete_flag(&service, &actor, environment, &flag, version).await?;
    let text = format!("Deleted {flag}. The audit log keeps its last state.");
    Ok(Done { next: Some("/admin/flags?status=all".to_owned()), ..Done::new(text) })
}

/// Restores a flag to what it was before an audit entry.
#[server(prefix = "/admin/fn", endpoint = "flags/restore", output = JsonResult)]
pub async fn restore_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    entry: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    service::restore_flag(&service, &actor, environment, &flag, entry).await?;
    Ok(Done::new("Restored. Connected clients have been notified."))
}

/// Creates a flag from its key, kind and name, with the variants that its kind begins with.
#[server(prefix = "/admin/fn", endpoint = "flags/create", output = JsonResult)]
pub async fn create_flag(
    environment: EnvironmentKey,
    key: String,
    kind: FlagKind,
    #[server(default)] name: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let document = service::build_new_flag(&key, kind, &name)?;
    let key = document.key.clone();
    service::create_flag(&service, &actor, environment, document).await?;
    let text = format!("Created {key}. It is on here and off in the other environments.");
    Ok(Done { next: Some(format!("/admin/flags/{key}/edit")), ..Done::new(text) })
}

/// Parses the draft or the JSON of a flag that is stored.
#[cfg(feature = "ssr")]
fn parse_flag(
    stored: &StoredFlag,
    draft: Option<FlagDraft>,
    document: Option<String>,
) -> Result<FlagDocument, ServiceError> {
    let before = FlagDocument::new(&stored.flag, &stored.state);
    let parsed = match (draft, document) {
        (Some(draft), _) => draft.parse_document(&before)?,
        (None, json) => {
            let json = json.unwrap_or_default();
            let value =
                phasegate_domain::json::parse_document(json.as_bytes()).map_err(|error| {
                    FieldError::new("document", FieldCode::Invalid, error.to_string())
                })?;
            service::read_document(value)?
        }
    };
    if parsed.key != before.key {
        let text = "cannot be changed; create a new flag";
        return Err(FieldError::new("key", FieldCode::Unchangeable, text).into());
    }
    Ok(parsed)
}

/// Describes what saving a flag would do. Nothing is changed.
#[server(prefix = "/admin/fn", endpoint = "flags/preview", output = JsonResult)]
pub async fn preview_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    #[server(default)] draft: Option<FlagDraft>,
    #[server(default)] document: Option<String>,
) -> Result<EditorPreview, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let stored = service::read_flag_to_edit(&service, &actor, environment, &flag)?;
    let parsed = parse_flag(&stored, draft, document);
    Ok(build_flag_preview(&service, environment, &stored, parsed))
}

/// Saves a flag at the versions that the caller saw, from its draft or as JSON.
#[server(prefix = "/admin/fn", endpoint = "flags/save", output = JsonResult)]
pub async fn save_flag(
    environment: EnvironmentKey,
    flag: FlagKey,
    definition: i64,
    state: i64,
    #[server(default)] draft: Option<FlagDraft>,
    #[server(default)] document: Option<String>,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let stored = service::read_flag_to_edit(&service, &actor, environment, &flag)?;
    let document = parse_flag(&stored, draft, document)?;
    let expected = Expected::Version(FlagVersion { definition, state });
    service::replace_flag(&service, &actor, environment, document, expected).await?;
    let text = "Saved. Connected clients have been notified.";
    Ok(Done { next: Some(format!("/admin/flags/{flag}")), ..Done::new(text) })
}

/// The filter of an account in an environment, with its query.
#[cfg(feature = "ssr")]
fn flag_filter(
    environment: &EnvironmentKey,
    name: String,
    query: String,
) -> Result<(Visitor, AccountValue), ApiError> {
    let visitor = read_visitor()?;
    let value = AccountValue {
        account: visitor.account.id,
        environment: read_caller(environment)?.environment,
        kind: AccountValueKind::FlagFilter,
        name,
        value: query,
    };
    Ok((visitor, value))
}

/// Saves the filters of the list under a name, for the caller alone.
#[server(prefix = "/admin/fn", endpoint = "flags/save_filter", output = JsonResult)]
pub async fn save_filter(
    environment: EnvironmentKey,
    name: String,
    #[server(default)] query: String,
) -> Result<Done, ApiError> {
    let text = format!("Saved the filter {}.", name.trim());
    let (Visitor { service, .. }, value) = flag_filter(&environment, name, query)?;
    keep_account_value(&service, value).await?;
    Ok(Done::new(text))
}

/// Deletes a filter of the caller.
#[server(prefix = "/admin/fn", endpoint = "flags/delete_filter", output = JsonResult)]
pub async fn delete_filter(
    environment: EnvironmentKey,
    name: String,
    #[server(default)] query: String,
) -> Result<Done, ApiError> {
    let (Visitor { service, .. }, value) = flag_filter(&environment, name.clone(), query.clone())?;
    drop_account_value(&service, &value).await?;
    let fields = [("name", name.clone()), ("query", query)];
    let done = Done::new(format!("Deleted the filter {name}."));
    Ok(undo_with::<SaveFilter>(done, &environment, fields))
}

/// Changes many flags at once, each given with the version that was seen (`NEW_UI@7`). Flags that refuse
/// or have changed since are named; the others are changed.
#[server(prefix = "/admin/fn", endpoint = "flags/change_many", output = JsonResult)]
pub async fn change_many(
    environment: EnvironmentKey,
    #[server(default)] flags: Vec<String>,
    act: BulkAct,
    #[server(default)] tag: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    let action = act.to_action(&tag);
    let seen: Result<Vec<_>, _> = flags.iter().map(|flag| parse_seen_flag(flag)).collect();
    let seen = seen.map_err(ServiceError::from)?;
    let outcome = service::change_many_flags(&service, &actor, here, &seen, &action).await?;
    let done = Done::new(act.describe(&outcome, tag.trim()));
    if outcome.changed.is_empty() {
        return Ok(done);
    }
    let changed = outcome.changed.iter();
    let changed = changed.map(|flag| ("flags[]", format!("{}@{}", flag.key, flag.state)));
    let rest = [("act", act.opposite().as_str().to_owned()), ("tag", tag)];
    Ok(undo_with::<ChangeMany>(done, &environment, changed.chain(rest)))
}
