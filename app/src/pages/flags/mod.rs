//! Flags: the list, one flag, and its editor.

mod detail;
mod edit;
mod fields;
mod list;
mod new;

pub(crate) use self::{detail::FlagPage, edit::FlagEditPage, list::FlagsPage, new::NewFlagPage};
