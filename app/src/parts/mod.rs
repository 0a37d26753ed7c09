//! Components that read the request, and the frame around pages.

mod condition;
mod frame;
mod here;
mod page;
mod period_fields;
mod snippet;
mod source;

pub(crate) use condition::ConditionDraft;
pub(crate) use frame::{Frame, Logo};
pub(crate) use here::Here;
pub(crate) use page::{PageErrorNotice, render_page};
pub(crate) use period_fields::{PeriodFields, period_field};
pub(crate) use snippet::Snippet;
pub(crate) use source::{Source, SourceBanner};
