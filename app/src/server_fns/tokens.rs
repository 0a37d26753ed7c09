//! Server functions of server tokens.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use phasegate_domain::ids::TokenId;
use phasegate_domain::{
    accounts::{Reach, Scope},
    ids::EnvironmentKey,
};
#[cfg(feature = "ssr")]
use phasegate_service::{
    models::ServerToken,
    tokens::{self as service, TokenFields},
};

#[cfg(feature = "ssr")]
use super::caller::{Caller, draw_seed, read_caller};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// Creates a server token. Its secret is in the answer, and nowhere else.
#[server(prefix = "/admin/fn", endpoint = "tokens/create", output = JsonResult)]
pub async fn create_token(
    environment: EnvironmentKey,
    name: String,
    #[server(default)] scopes: Vec<Scope>,
    #[server(default)] reach: Reach,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let fields = TokenFields { name: name.trim().to_owned(), scopes, reach };
    let made = service::create_token(&service, &actor, environment, &fields, &draw_seed()?).await?;
    let text = format!("Token {} created. Copy it now; it is not shown again:", made.token.name);
    Ok(Done { secret: Some(made.secret), ..Done::new(text) })
}

/// Deletes a server token. Programs that use it lose access at once.
#[server(prefix = "/admin/fn", endpoint = "tokens/delete", output = JsonResult)]
pub async fn delete_token(
    environment: EnvironmentKey,
    id: i64,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let found = service::read_token(&service, &actor, environment, TokenId(id)).await?;
    let text = format!("Token {} deleted.", found.name);
    service::delete_token(&service, &actor, &ServerToken { version, ..found }).await?;
    Ok(Done::new(text))
}
