//! Server functions of the debugger.

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, FlagKey};
#[cfg(feature = "ssr")]
use phasegate_service::flags as service;

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
use crate::models::SplitTable;
#[cfg(feature = "ssr")]
use crate::models::build_split_table;

/// Evaluates a flag for many users, one per line.
#[server(prefix = "/admin/fn", endpoint = "debugger/evaluate_users", output = JsonResult)]
pub async fn evaluate_users(
    environment: EnvironmentKey,
    flag: FlagKey,
    users: String,
    #[server(default)] attributes: String,
) -> Result<SplitTable, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let split = service::evaluate_batch(&service, &actor, environment, &flag, &users, &attributes)?;
    Ok(build_split_table(&flag, split))
}
