//! Flags: listing, changing and explaining them.

mod bulk;
mod explain;
mod list;
mod new_flag;
mod overrides;
mod restore;
mod save;
mod schedule;
mod switch;

pub use self::{
    bulk::{BulkAction, BulkOutcome, SeenFlag, change_many_flags},
    explain::{Split, evaluate_batch, explain_flags, parse_context},
    list::{
        FlagDetail, check_may_create, list_flags, read_flag_detail, read_flag_to_edit, stored_flag,
        stored_flags,
    },
    new_flag::build_new_flag,
    overrides::{Found, delete_override, find_override, list_overrides, save_override},
    restore::restore_flag,
    save::{
        Expected, change_flag, check_document, create_flag, delete_flag, read_document,
        read_replacement, replace_flag,
    },
    schedule::record_due_switches,
    switch::{FlagAction, apply_flag_action, switch_flag},
};
