//! Reports: errors and feedback, which are stored in full beside their counts.

use serde::{Deserialize, Serialize};

use super::{Batch, EventKind, UserHash};
use crate::{
    Timestamp,
    errors::{ErrorReport, Severity},
    feedback::Feedback,
    ids::EnvironmentId,
    privacy::{MAX_ERROR_REPORTS, MAX_FEEDBACK_REPORTS},
};

/// A report as a batch contains it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report<'a> {
    /// The environment that it belongs to.
    pub environment: EnvironmentId,
    /// The time of its event.
    pub at: Timestamp,
    /// The user who sent it; `None` for visitors who opted out.
    pub user: Option<UserHash>,
    /// Its content, by the kind of the report.
    pub body: ReportBody<'a>,
}

/// A report as it is stored, such as [`ErrorReport`] or [`Feedback`], with the time of its event.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredReport<T> {
    pub at: Timestamp,
    pub report: T,
}

/// The content of a report.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReportBody<'a> {
    Error(&'a ErrorReport),
    Feedback(&'a Feedback),
}

/// Reports of an environment that share a limit. Critical errors have a limit of their own, so that
/// a flood of other errors cannot displace them.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportGroup {
    Errors,
    CriticalErrors,
    Feedback,
}

impl ReportGroup {
    /// The maximum number of stored reports per environment; the oldest are deleted first.
    #[must_use]
    pub fn max_stored(self) -> u32 {
        match self {
            Self::Errors | Self::CriticalErrors => MAX_ERROR_REPORTS,
            Self::Feedback => MAX_FEEDBACK_REPORTS,
        }
    }
}

impl Report<'_> {
    /// The group whose limit applies to it.
    #[must_use]
    pub fn group(&self) -> ReportGroup {
        match self.body {
            ReportBody::Error(report) if report.severity == Severity::Critical => {
                ReportGroup::CriticalErrors
            }
            ReportBody::Error(_) => ReportGroup::Errors,
            ReportBody::Feedback(_) => ReportGroup::Feedback,
        }
    }
}

impl Batch {
    /// The reports among the events of the batch, in their order.
    pub fn reports(&self) -> impl Iterator<Item = Report<'_>> {
        let user = self.visit.who.map(|(user, _)| user);
        self.events.iter().filter_map(move |event| {
            let body = match &event.kind {
                EventKind::Error(report) => ReportBody::Error(report),
                EventKind::Feedback(feedback) => ReportBody::Feedback(feedback),
                _ => return None,
            };
            Some(Report { environment: self.environment, at: event.at, user, body })
        })
    }
}
