//! The keys that requests carry.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use phasegate_service::keys::KeyError;

/// 401 for a key that is not one, 403 for one that is for something else.
pub(crate) fn key_status(error: &KeyError) -> StatusCode {
    match error {
        KeyError::Missing | KeyError::Unknown => StatusCode::UNAUTHORIZED,
        KeyError::WrongScope(_) | KeyError::WrongOrigin(_) => StatusCode::FORBIDDEN,
    }
}

/// The key that a request carries: `Authorization: Bearer …` or `X-API-Key: …`.
pub(crate) fn sent_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = header_text(headers, header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    let sent = bearer.or_else(|| header_text(headers, HeaderName::from_static("x-api-key")));
    sent.filter(|key| !key.is_empty())
}

/// A header's value, if it is a text.
pub(crate) fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The site of the page that sends a request.
pub(crate) fn sent_origin(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, header::ORIGIN)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_comes_in_either_header() {
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
