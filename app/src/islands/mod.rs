//! The islands: parts of pages that run in the browser.

mod arrivals;
mod copy;
mod dashboard;
mod guard;
mod live;
mod preview;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    arrivals::LiveArrivals, copy::CopyButton, dashboard::LiveDashboard, guard::FormGuard,
    preview::LivePreview,
};
