//! The parts of pages that live in the browser.

mod dashboard;
mod guard;
mod preview;

#[cfg(feature = "ssr")]
pub(crate) use self::{dashboard::LiveDashboard, guard::FormGuard, preview::LivePreview};
