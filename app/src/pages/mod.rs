//! One page per file or folder.

mod dashboard;
mod flags;
mod login;
mod not_found;
mod rollout;

pub(crate) use dashboard::DashboardPage;
pub(crate) use flags::FlagsPage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use rollout::RolloutPage;
