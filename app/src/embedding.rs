//! What apps need to embed the collector, as the server knows it.

use axum::http::{HeaderMap, header, request::Parts};

/// Given to pages in their context.
#[derive(Debug, Clone, Default)]
pub struct Embedding {
    /// The address that users use, if the configuration names one.
    pub public_url: Option<String>,
    /// The digest of `/collector.js`, as the attribute `integrity` has it; `None` in a server built
    /// without it.
    pub integrity: Option<String>,
    /// The line that pages carry before the collector's tag, and its digest for their content security
    /// policy; empty in a server built without it.
    pub stub: String,
    /// As `'sha256-…'` has it.
    pub stub_digest: String,
    /// Whether this server is one to show things with.
    pub has_demo: bool,
}

impl Embedding {
    /// The origin under which pages reach this server: as configured, or as this request has it.
    pub(crate) fn origin(&self, parts: &Parts) -> String {
        let configured = self.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        configured.unwrap_or_else(|| origin_of(&parts.headers))
    }
}

fn origin_of(headers: &HeaderMap) -> String {
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
    fn the_origin_is_configured_or_seen() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("gate.example"));
        assert_eq!(origin_of(&headers), "http://gate.example");
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(origin_of(&headers), "https://gate.example");
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        parts.headers = headers;
        let public_url = Some("https://flags.example/".to_owned());
        let embedding = Embedding { public_url, ..Embedding::default() };
        assert_eq!(embedding.origin(&parts), "https://flags.example");
    }
}
