//! The key in the paths of flag pages.

use phasegate_domain::ids::FlagKey;

use crate::request::PageError;

/// Parses the key in a page's path; an invalid one is 404 Not Found.
pub(super) fn parse_flag_key(path: Option<String>) -> Result<FlagKey, PageError> {
    FlagKey::new(path.unwrap_or_default()).map_err(|error| PageError {
        status: axum::http::StatusCode::NOT_FOUND,
        ..PageError::invalid(error.to_string())
    })
}
