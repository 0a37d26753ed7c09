//! The islands: parts of pages that run in the browser.

mod arrivals;
mod copy;
mod dashboard;
mod done;
mod guard;
mod incident;
mod live;
mod outcome;
mod page_state;
mod preview;
mod rollout;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    arrivals::LiveArrivals,
    copy::CopyButton,
    dashboard::LiveDashboard,
    guard::FormGuard,
    incident::LiveIncident,
    preview::LivePreview,
    rollout::{FeedbackPart, Kpis, LiveRollout, render_gate_line},
};
