//! Accounts, their passwords and login sessions.

mod create;
mod device;
mod edit;
mod links;
mod login;
mod manage;
mod own;
mod password;
mod sessions;
mod values;

pub use create::create_account;
pub use device::{create_device_cookie, verify_device_cookie};
pub use links::{
    LINK_DAYS, NewLink, create_reset_link, find_account_link, invite_account, list_account_links,
    revoke_account_link, use_account_link,
};
pub(crate) use login::is_password;
pub use login::{LoggedIn, LoginError, account_by_email, log_in, read_account};
pub use manage::{ListedAccount, change_role, list_accounts, remove_account};
pub use own::{
    ListedSession, OwnSession, change_own_password, end_other_sessions, end_session, list_sessions,
};
pub use password::{InvalidPassword, check_password, hash_password, set_password};
pub use sessions::{
    create_session, delete_expired_sessions, delete_session, load_session, save_session,
    session_keys,
};
pub use values::{drop_account_value, keep_account_value, list_account_values};
