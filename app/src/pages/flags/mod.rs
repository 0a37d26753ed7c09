//! Flags: the list, one flag, and its editor.

mod actions;
mod detail;
mod edit;
mod editor;
mod history;
mod list;
mod new;
mod overrides;

use phasegate_domain::{ids::FlagKey, reports::FlagRow};
use phasegate_service::models::{FlagVersion, StoredFlag};

pub(crate) use self::{detail::FlagPage, edit::FlagEditPage, list::FlagsPage, new::NewFlagPage};
use crate::request::{Form, PageError};

/// Formats the versions of a flag for the field `version` of a form.
fn format_version(version: FlagVersion) -> String {
    format!("{}.{}", version.definition, version.state)
}

/// Reads the versions that a form was made for.
fn read_seen_version(form: &Form) -> Result<FlagVersion, PageError> {
    let read = |text: &str| {
        let (definition, state) = text.split_once('.')?;
        Some(FlagVersion { definition: definition.parse().ok()?, state: state.parse().ok()? })
    };
    read(form.get("version"))
        .ok_or_else(|| PageError::invalid("version: is missing; load the page again"))
}

/// Parses the key in a page's path; an invalid one is 404 Not Found.
fn parse_flag_key(path: Option<String>) -> Result<FlagKey, PageError> {
    FlagKey::new(path.unwrap_or_default()).map_err(|error| PageError {
        status: axum::http::StatusCode::NOT_FOUND,
        ..PageError::invalid(error.to_string())
    })
}

/// Returns the status of a flag, and the CSS class that shows it.
fn describe_flag_status(row: &FlagRow) -> (String, &'static str) {
    let live = "pill pill-live";
    if row.flag.archived {
        return ("Archived".to_owned(), "pill");
    }
    if let Some(variable) = &row.variable {
        return (format!("Pinned by {variable}"), "pill pill-warning");
    }
    match (row.state.killed, row.enabled, row.added_in, row.is_reached) {
        (true, ..) => ("Killed".to_owned(), "pill pill-danger"),
        (_, false, ..) => ("Off for everyone".to_owned(), "pill"),
        _ if !row.state.rules.is_empty() => {
            let rules = row.state.rules.len() as u64;
            (crate::format::format_quantity(rules, "rule", "rules"), live)
        }
        (_, _, Some(phase), true) => (format!("Served since phase {phase}"), live),
        (_, _, Some(phase), false) => (format!("Waiting for phase {phase}"), "pill"),
        (_, _, None, _) => ("Default for everyone".to_owned(), "pill"),
    }
}

/// Formats both versions of a stored flag for a form.
fn format_stored_version(stored: &StoredFlag) -> String {
    format_version(stored.version())
}
