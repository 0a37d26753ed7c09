//! The path of the page.

pub(super) const PATH: &str = "/admin/analytics";
