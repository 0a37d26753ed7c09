//! Logging in, and the sessions that follow.

mod create;
mod limiter;
mod login;
mod password;
mod sessions;

pub use create::create;
pub use limiter::LoginLimiter;
pub use login::{LoginError, log_in, person};
pub use password::{MIN_PASSWORD_CHARS, hash_password, set_password};
pub use sessions::{delete_session, end_old_sessions, load_session, save_session};
