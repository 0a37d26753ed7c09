//! Accounts, their passwords and login sessions.

mod create;
mod device;
mod login;
mod password;
mod sessions;

pub use create::create_account;
pub use device::{create_device_cookie, verify_device_cookie};
pub(crate) use login::is_password;
pub use login::{LoggedIn, LoginError, account_by_email, log_in, read_account};
pub use password::{InvalidPassword, check_password, hash_password, set_password};
pub use sessions::{
    create_session, delete_expired_sessions, delete_session, load_session, save_session,
};
