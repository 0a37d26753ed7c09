//! Segments: named conditions, each shown with where it is used before it is changed.

mod list;
mod one;

pub(crate) use self::{list::SegmentsPage, one::SegmentPage};
