//! Fields of the forms and paths of flag pages.

use phasegate_domain::ids::FlagKey;
use phasegate_service::models::{FlagVersion, StoredFlag};

use crate::request::{Form, PageError};

/// Formats the versions of a flag for the field `version` of a form.
fn format_version(version: FlagVersion) -> String {
    format!("{}.{}", version.definition, version.state)
}

/// Reads the versions that a form was made for.
pub(super) fn read_seen_version(form: &Form) -> Result<FlagVersion, PageError> {
    let read = |text: &str| {
        let (definition, state) = text.split_once('.')?;
        Some(FlagVersion { definition: definition.parse().ok()?, state: state.parse().ok()? })
    };
    read(form.get("version"))
        .ok_or_else(|| PageError::invalid("version: is missing; load the page again"))
}

/// Parses the key in a page's path; an invalid one is 404 Not Found.
pub(super) fn parse_flag_key(path: Option<String>) -> Result<FlagKey, PageError> {
    FlagKey::new(path.unwrap_or_default()).map_err(|error| PageError {
        status: axum::http::StatusCode::NOT_FOUND,
        ..PageError::invalid(error.to_string())
    })
}

/// Formats both versions of a stored flag for a form.
pub(super) fn format_stored_version(stored: &StoredFlag) -> String {
    format_version(stored.version())
}
