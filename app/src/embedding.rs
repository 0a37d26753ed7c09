//! The server's settings for embedding the collector in apps.

use axum::http::{HeaderMap, header, request::Parts};

/// Settings for embedding the collector, passed to pages in the Leptos context.
#[derive(Debug, Clone, Default)]
pub struct Embedding {
    /// The configured URL under which users reach the server, if any.
    pub public_url: Option<String>,
    /// The digest of `/collector.js` in the format of the attribute `integrity`; `None` in a server
    /// built without the collector.
    pub integrity: Option<String>,
    /// The inline script that pages put before the collector's tag; empty in a server built without
    /// the collector.
    pub stub: String,
    /// The digest of the inline script for a content security policy: `sha256-…`.
    pub stub_digest: String,
    /// Whether the server runs with `--demo`.
    pub has_demo: bool,
}

impl Embedding {
    /// Returns the origin of this server: the configured one, or the one of this request.
    pub(crate) fn resolve_origin(&self, parts: &Parts) -> String {
        let configured = self.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        configured.unwrap_or_else(|| read_origin(&parts.headers))
    }
}

fn read_origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = text(header::HOST.as_str()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_configured_origin_beats_that_of_the_request() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("gate.example"));
        assert_eq!(read_origin(&headers), "http://gate.example");
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(read_origin(&headers), "https://gate.example");
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        parts.headers = headers;
        let public_url = Some("https://flags.example/".to_owned());
        let embedding = Embedding { public_url, ..Embedding::default() };
        assert_eq!(embedding.resolve_origin(&parts), "https://flags.example");
    }
}
