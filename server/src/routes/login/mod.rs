//! Logging in and out, and the guard in front of the admin.

mod guard;
mod routes;
mod sessions;

pub(crate) use guard::{account, guard};
pub(crate) use routes::routes;
pub(crate) use sessions::{reread, session_layer};

/// Where a session keeps who has logged in.
const ACCOUNT: &str = "account";

/// Where a session keeps its account's epoch, which a new password ends.
const EPOCH: &str = "epoch";

/// Where a session keeps when it was last renewed, in seconds since 1970.
const RENEWED: &str = "renewed";
