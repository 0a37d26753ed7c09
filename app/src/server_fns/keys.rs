//! Server functions of client keys.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;
#[cfg(feature = "ssr")]
use phasegate_service::{
    models::ClientKey,
    tokens::{self as service, ClientKeyFields},
};

#[cfg(feature = "ssr")]
use super::caller::{Caller, draw_seed, read_caller};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// Reads a list of origins that are separated by commas or line breaks.
#[cfg(feature = "ssr")]
fn read_fields(name: &str, origins: &str) -> ClientKeyFields {
    let origins = origins.split([',', '\n']).map(str::trim);
    ClientKeyFields {
        name: name.trim().to_owned(),
        allowed_origins: origins.filter(|origin| !origin.is_empty()).map(str::to_owned).collect(),
    }
}

/// Reads the key at the version that the caller saw.
#[cfg(feature = "ssr")]
async fn find_seen_key(caller: &Caller, key: &str, version: i64) -> Result<ClientKey, ApiError> {
    let Caller { service, actor, environment } = caller;
    let found = service::read_client_key(service, actor, *environment, key).await?;
    Ok(ClientKey { version, ..found })
}

/// Creates a client key.
#[server(prefix = "/admin/fn", endpoint = "keys/create", output = JsonResult)]
pub async fn create_key(
    environment: EnvironmentKey,
    name: String,
    #[server(default)] origins: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let (fields, seed) = (read_fields(&name, &origins), draw_seed()?);
    let made = service::create_client_key(&service, &actor, environment, &fields, &seed).await?;
    Ok(Done::new(format!("Client key created: {}", made.key)))
}

/// Changes the name and the allowed origins of a client key.
#[server(prefix = "/admin/fn", endpoint = "keys/save", output = JsonResult)]
pub async fn save_key(
    environment: EnvironmentKey,
    key: String,
    version: i64,
    name: String,
    #[server(default)] origins: String,
) -> Result<Done, ApiError> {
    let caller = read_caller(&environment)?;
    let seen = find_seen_key(&caller, &key, version).await?;
    let fields = read_fields(&name, &origins);
    service::save_client_key(&caller.service, &caller.actor, &seen, &fields).await?;
    Ok(Done::new("Client key saved."))
}

/// Deletes a client key. Pages that use it stop working.
#[server(prefix = "/admin/fn", endpoint = "keys/delete", output = JsonResult)]
pub async fn delete_key(
    environment: EnvironmentKey,
    key: String,
    version: i64,
) -> Result<Done, ApiError> {
    let caller = read_caller(&environment)?;
    let seen = find_seen_key(&caller, &key, version).await?;
    service::delete_client_key(&caller.service, &caller.actor, &seen).await?;
    Ok(Done::new(format!("Client key {} deleted.", seen.name)))
}
