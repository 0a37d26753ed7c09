//! Editors: forms of drafts with rows that are added, removed and moved in place, and a preview that
//! follows what is typed.

mod condition;
mod fields;
mod flag;
mod rules;
mod segment;
mod shell;

#[cfg(feature = "ssr")]
pub(crate) use self::{flag::FlagEditor, segment::SegmentEditor};
