//! Flags: the list, one flag, and its editor.

mod actions;
mod detail;
mod edit;
mod editor;
mod fields;
mod history;
mod list;
mod new;
mod overrides;
mod status;

pub(crate) use self::{detail::FlagPage, edit::FlagEditPage, list::FlagsPage, new::NewFlagPage};
