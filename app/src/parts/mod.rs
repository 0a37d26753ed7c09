//! Components that read the request, and the frame around pages.

mod condition;
mod environment_field;
mod frame;
mod page;
mod snippet;
mod source;
mod time_range_fields;

pub(crate) use condition::ConditionDraft;
pub(crate) use environment_field::EnvironmentField;
pub(crate) use frame::{Frame, Logo};
pub(crate) use page::{PageErrorNotice, render_page};
pub(crate) use snippet::Snippet;
pub(crate) use source::{Source, SourceBanner};
pub(crate) use time_range_fields::{TimeRangeFields, time_range_field};
