//! What several pages use.

mod frame;
mod notice;
mod reload;
mod time;

pub(crate) use frame::{Frame, Logo};
pub(crate) use notice::{ErrorNotice, Notice};
pub(crate) use reload::reload_count;
pub(crate) use time::Time;
