//! Login, logout, and the guard of the admin.

mod guard;
mod routes;
mod sessions;

pub(crate) use guard::{require_login, session_account};
pub(crate) use routes::routes;
pub(crate) use sessions::{reread_session, session_layer};

/// The session key of the account id.
const ACCOUNT: &str = "account";

/// The session key of the account's epoch; a new password starts another epoch.
const EPOCH: &str = "epoch";

/// The session key of the last renewal, in seconds since 1970-01-01.
const RENEWED: &str = "renewed";
