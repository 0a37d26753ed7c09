//! Flags: listing, changing and explaining them.

mod explain;
mod list;
mod overrides;
mod restore;
mod save;
mod schedule;

pub use self::{
    explain::{Split, batch, context, explain},
    list::{FlagDetail, detail, list, stored_flag, stored_flags},
    overrides::{Found, delete_override, override_of, overrides, save_override},
    restore::restore,
    save::{Expected, change, check_document, create, delete, read_document, replace},
    schedule::keep_schedules,
};
