//! Optimistic concurrency by `ETag` and `If-Match`.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::Problem;

/// The `If-Match` header: the version that a change is based on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Precondition {
    None,
    /// Any existing version: `*`.
    Any,
    /// Any of these tags, unquoted.
    Tags(Vec<String>),
}

impl Precondition {
    pub(crate) fn read_if_match(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(header::IF_MATCH) else { return Ok(Self::None) };
        let wrong = || {
            let detail = "If-Match: must be * or tags in quotes, as the ETag header has them";
            Problem::new(StatusCode::BAD_REQUEST, detail)
        };
        let text = value.to_str().map_err(|_| wrong())?.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let tag = |tag: &str| {
            // Compressing proxies weaken tags; the version is the same.
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
            Some(tag.to_owned())
        };
        let tags = text.split(',').map(tag).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        Ok(Self::Tags(tags))
    }

    /// Rejects a change that is based on a version other than `found`, or on none: it could undo an
    /// emergency change that its author has not seen.
    pub(crate) fn check_version(&self, found: &str) -> Result<(), Problem> {
        match self {
            Self::None => {
                let detail = "If-Match: is needed, so that a change made meanwhile is not \
                              overwritten; send the ETag that a GET answered with, or * to \
                              overwrite whatever is there";
                Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, detail))
            }
            Self::Tags(tags) if !tags.iter().any(|tag| tag == found) => {
                let detail = "it was changed in the meantime; get it again, and repeat \
                              your change if it is still right";
                Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the `ETag` header of a version.
pub(crate) fn etag_header(version: &str) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\""));
    [(header::ETAG, value.unwrap_or_else(|_| HeaderValue::from_static("\"0\"")))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_precondition(text: &'static str) -> Result<Precondition, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(text));
        Precondition::read_if_match(&headers).map_err(|problem| problem.status())
    }

    #[test]
    fn a_change_needs_the_current_version_or_a_wildcard() {
        assert_eq!(Precondition::read_if_match(&HeaderMap::new()).unwrap(), Precondition::None);
        assert_eq!(read_precondition("*"), Ok(Precondition::Any));
        let two = read_precondition("\"1.2\", \"1.3\"").unwrap();
        assert!(two.check_version("1.3").is_ok());
        assert_eq!(two.check_version("1.4").unwrap_err().status(), StatusCode::PRECONDITION_FAILED);
        let none = Precondition::None.check_version("1.3").unwrap_err();
        assert_eq!(none.status(), StatusCode::PRECONDITION_REQUIRED);
        assert!(Precondition::Any.check_version("1.3").is_ok());
        assert_eq!(read_precondition("1.2"), Err(StatusCode::BAD_REQUEST));
        assert!(read_precondition("W/\"1\"").unwrap().check_version("1").is_ok());
    }
}
