//! Server functions of what is around every page.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use phasegate_domain::{ids::EnvironmentKey, reports::Attention};
#[cfg(feature = "ssr")]
use phasegate_service::rollout::read_attention;

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller, read_visitor, set_theme};
use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use crate::models::find_targets as search;
use crate::models::{Done, Target, Theme};

/// Reads what needs attention: alerts that fire and incidents that are open.
#[server(prefix = "/admin/fn", endpoint = "frame/attention", input = GetUrl, output = JsonResult)]
pub async fn frame_attention(environment: EnvironmentKey) -> Result<Attention, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    Ok(read_attention(&service, &actor, environment).await?)
}

/// Finds pages, commands, flags, segments and incidents by their names.
#[server(prefix = "/admin/fn", endpoint = "frame/find", input = GetUrl, output = JsonResult)]
pub async fn find_targets(
    environment: EnvironmentKey,
    #[server(default)] query: String,
) -> Result<Vec<Target>, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    Ok(search(&service, &actor, environment, &query).await?)
}

/// Chooses the colours in which this browser shows the admin.
#[server(prefix = "/admin/fn", endpoint = "frame/choose_theme", output = JsonResult)]
pub async fn choose_theme(theme: Theme) -> Result<Done, ApiError> {
    read_visitor()?;
    set_theme(theme);
    Ok(Done::new(theme.describe()))
}
