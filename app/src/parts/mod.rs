//! Components that read the request, and the frame around pages.

mod fn_form;
mod frame;
mod page;
mod snippet;
mod source;
mod time_range_fields;

pub(crate) use fn_form::{FnForm, JustDone};
pub(crate) use frame::{Frame, Logo};
pub(crate) use page::{PageErrorNotice, render_page};
pub(crate) use snippet::Snippet;
pub(crate) use source::{Source, SourceBanner};
pub(crate) use time_range_fields::{TimeRangeFields, time_range_field};
