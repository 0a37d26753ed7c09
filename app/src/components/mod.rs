//! What several pages use.

mod frame;
mod notice;
mod time;

pub(crate) use frame::{Frame, Logo};
pub(crate) use notice::{ErrorNotice, Notice};
pub(crate) use time::Time;
