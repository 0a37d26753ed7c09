//! Reads keys and origin from request headers.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use phasegate_service::keys::KeyError;

/// Returns 401 for a missing or unknown key, 403 for one with the wrong scope or origin.
pub(crate) fn key_status(error: &KeyError) -> StatusCode {
    match error {
        KeyError::Missing | KeyError::Unknown => StatusCode::UNAUTHORIZED,
        KeyError::WrongScope(_) | KeyError::WrongOrigin(_) => StatusCode::FORBIDDEN,
    }
}

/// Returns the key from `Authorization: Bearer …`, else from `X-API-Key`.
pub(crate) fn sent_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = header_text(headers, header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    let sent = bearer.or_else(|| header_text(headers, HeaderName::from_static("x-api-key")));
    sent.filter(|key| !key.is_empty())
}

/// Returns a header's value if it is visible ASCII.
pub(crate) fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the `Origin` header of the sending page.
pub(crate) fn sent_origin(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, header::ORIGIN)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_read_from_either_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(sent_key(&headers), None);
        headers.insert("x-api-key", HeaderValue::from_static("k1"));
        assert_eq!(sent_key(&headers), Some("k1"));
        headers.insert("authorization", HeaderValue::from_static("bearer k2"));
        assert_eq!(sent_key(&headers), Some("k2"));
        headers.insert("authorization", HeaderValue::from_static("Basic abc"));
        assert_eq!(sent_key(&headers), Some("k1"));
        headers.insert("x-api-key", HeaderValue::from_static(""));
        assert_eq!(sent_key(&headers), None, "an empty key is no key");
    }
}
