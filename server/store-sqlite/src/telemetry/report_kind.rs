//! The kinds of reports that are stored in full.

use phasegate_domain::privacy::{MAX_ERROR_REPORTS, MAX_FEEDBACK_REPORTS};

/// A kind of report that is kept in full.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReportKind {
    Error,
    Feedback,
}

impl ReportKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Feedback => "feedback",
        }
    }

    /// The number that is stored per environment; the oldest are deleted first.
    pub(super) fn max_stored(self) -> u32 {
        match self {
            Self::Error => MAX_ERROR_REPORTS,
            Self::Feedback => MAX_FEEDBACK_REPORTS,
        }
    }
}
