//! The form that edits a flag.

mod draft;
mod rule;
mod view;

pub(super) use self::draft::{FlagDraft, build_new_flag};
