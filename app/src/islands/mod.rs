//! The islands: parts of pages that run in the browser.

mod arrivals;
mod charts;
mod connection;
mod copy;
mod done;
mod editor;
mod flag;
mod flags;
mod fn_form;
mod frame;
mod guard;
mod import_form;
mod incident;
mod live;
#[cfg(feature = "hydrate")]
mod notices;
mod outcome;
mod page_form;
mod page_state;
mod rollout;
mod split_form;
mod switch;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    arrivals::LiveArrivals,
    charts::{Charted, LiveCharts},
    copy::CopyButton,
    editor::{FlagEditor, SegmentEditor},
    flag::LiveFlag,
    flags::LiveFlags,
    frame::{AttentionBadge, AttentionStrip, CommandPalette, Shortcuts, ThemeSwitch},
    guard::FormGuard,
    import_form::ImportForm,
    incident::LiveIncident,
    page_form::PageForm,
    rollout::{FeedbackPart, Kpis, LiveRollout, render_gate_line},
    split_form::SplitForm,
};
