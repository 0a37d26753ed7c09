//! Flags: listing, changing and explaining them.

mod explain;
mod list;
mod overrides;
mod restore;
mod save;
mod schedule;

pub use self::{
    explain::{Split, evaluate_batch, explain_flags, parse_context},
    list::{
        FlagDetail, check_may_create, list_flags, read_flag_detail, read_flag_to_edit, stored_flag,
        stored_flags,
    },
    overrides::{Found, delete_override, find_override, list_overrides, save_override},
    restore::restore_flag,
    save::{
        Expected, change_flag, check_document, create_flag, delete_flag, read_document,
        read_replacement, replace_flag,
    },
    schedule::record_due_switches,
};
