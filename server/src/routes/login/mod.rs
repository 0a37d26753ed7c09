//! Login, logout, and the guard of the admin.

mod guard;
mod routes;
mod sessions;

pub(crate) use guard::{require_login, session_account};
pub(crate) use routes::routes;
pub(crate) use sessions::{reread_session, session_layer};
