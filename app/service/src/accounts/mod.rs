//! Accounts, their passwords and login sessions.

mod create;
mod device;
mod login;
mod password;
mod sessions;

pub use create::create;
pub use device::{device_cookie, known_device};
pub(crate) use login::is_password;
pub use login::{LoggedIn, LoginError, account, account_by_email, log_in};
pub use password::{InvalidPassword, check_password, hash_password, set_password};
pub use sessions::{create_session, delete_session, end_old_sessions, load_session, save_session};
