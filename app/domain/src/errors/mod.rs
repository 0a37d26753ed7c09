//! Error events that pages report.

use serde::{Deserialize, Serialize};

/// The severity of an error, the lowest first.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    /// A part of the page is slow or missing.
    Warning,
    /// A feature of the page fails.
    #[default]
    Error,
    /// Needs attention at once; counts as critical everywhere.
    Critical,
}

/// An error event of a page.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorReport {
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The stack trace, of bounded length; empty if the browser gave none.
    pub stack: String,
    /// The feature in which it occurred, if the app named one.
    pub feature: Option<String>,
    /// The component in which it occurred, if the app named one.
    pub component: Option<String>,
    /// The severity that the page or the rules assign.
    #[serde(default)]
    pub severity: Severity,
    /// Consecutive occurrences that the page merged into this one.
    #[serde(default = "default_count")]
    pub count: u64,
    /// Whether it comes from a browser extension or carries no usable information.
    #[serde(default)]
    pub is_noise: bool,
    /// Breadcrumbs: milliseconds before the error, kind, text.
    #[serde(default)]
    pub crumbs: Vec<(u64, String, String)>,
}

impl ErrorReport {
    /// The number of errors that it counts as. Infos, warnings and noise are stored but count as 0.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        let counts =
            !self.is_noise && matches!(self.severity, Severity::Error | Severity::Critical);
        if counts { self.count } else { 0 }
    }
}

fn default_count() -> u64 {
    1
}
