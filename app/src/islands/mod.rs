//! The islands: parts of pages that run in the browser.

mod arrivals;
mod copy;
mod dashboard;
mod done;
mod editor;
mod flag;
mod flags;
mod fn_form;
mod guard;
mod import_form;
mod incident;
mod live;
mod outcome;
mod page_form;
mod page_state;
mod rollout;
mod split_form;
mod switch;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    arrivals::LiveArrivals,
    copy::CopyButton,
    dashboard::LiveDashboard,
    editor::{FlagEditor, SegmentEditor},
    flag::LiveFlag,
    flags::LiveFlags,
    guard::FormGuard,
    import_form::ImportForm,
    incident::LiveIncident,
    page_form::PageForm,
    rollout::{FeedbackPart, Kpis, LiveRollout, render_gate_line},
    split_form::SplitForm,
};
