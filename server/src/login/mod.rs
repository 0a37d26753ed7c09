//! Logging in and out, and the guard in front of the admin.

mod guard;
mod routes;
mod sessions;

pub(crate) use guard::guard;
pub(crate) use routes::routes;
pub(crate) use sessions::session_layer;

/// Where a session keeps who has logged in.
const PERSON: &str = "person";
