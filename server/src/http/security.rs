//! Security headers, and the check that state-changing requests come from this server's own pages.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{AppState, Problem};

/// Headers of responses that a browser may render, unless the handler has set them.
const OF_DOCUMENTS: [(HeaderName, &str); 4] = [
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// Adds security headers. JSON gets only `nosniff`, because browsers do not render it.
pub(crate) fn add_security_headers<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        return response;
    }
    for (name, value) in OF_DOCUMENTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Forbids caching of the admin's pages, so that none is left after logout.
pub(crate) async fn forbid_caching(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// Rejects state-changing requests from pages of other sites (CSRF), which carry the cookie but
/// another origin.
pub(crate) async fn require_same_origin(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_own_page(request.headers(), state.settings.public_url.as_deref()) {
        return next.run(request).await;
    }
    let detail = explain_foreign_origin(request.headers());
    let wants_page = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if wants_page.is_some_and(|accept| accept.contains("text/html")) {
        return refusal_page(&detail);
    }
    Problem::new(StatusCode::FORBIDDEN, detail).into_response()
}

/// Explains which header does not match, with the remedy.
fn explain_foreign_origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").unwrap_or_default();
    let remedy = "set PHASEGATE_PUBLIC_URL to the address that users use";
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => format!(
            "this request does not come from a page of this server: the browser says \
             Sec-Fetch-Site: {site}. Open this server's own page and try again there"
        ),
        (None, Some("null")) => {
            "this request says Origin: null, as pages do that were opened from a \
             file, in a sandbox, or behind a proxy that removes the header: let the proxy pass \
             Origin on, and open the page by its address"
                .to_owned()
        }
        (None, Some(origin)) => format!(
            "this request says Origin: {origin}, but it reached the server with Host: {host}: a \
             proxy has changed the Host header. Let it pass Host on, or {remedy}"
        ),
        (None, None) => format!(
            "this request has no Origin header, so it cannot be told from one of another site's \
             page: a proxy may have removed it. Let it pass Origin and Host on, or {remedy}"
        ),
    }
}

fn refusal_page(detail: &str) -> Response {
    let escaped = detail.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not accepted</title>\
         <h1>This was not accepted</h1><p>Nothing was changed: {escaped}.</p>\
         <p><a href=\"/admin/rollout\">Back to Phasegate</a></p></html>"
    );
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::FORBIDDEN, kind, page).into_response()
}

fn is_own_page(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Every current browser sends it, and pages cannot forge it.
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else {
        return false;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    (host.is_some() && host == text("host"))
        || public_url.is_some_and(|url| url.trim_end_matches('/') == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows_request(pairs: &[(&'static str, &'static str)], public_url: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_own_page(&headers, public_url)
    }

    #[test]
    fn a_refusal_names_header_and_setting() {
        let why = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            explain_foreign_origin(&headers)
        };
        assert!(why(&[("origin", "null")]).contains("Origin: null"));
        let changed = why(&[("origin", "https://flags.example"), ("host", "10.0.0.1:8080")]);
        assert!(changed.contains("Host: 10.0.0.1:8080"), "{changed}");
        assert!(changed.contains("PHASEGATE_PUBLIC_URL"), "{changed}");
        assert!(why(&[("sec-fetch-site", "cross-site")]).contains("Sec-Fetch-Site: cross-site"));
    }

    #[test]
    fn only_requests_of_own_pages_are_accepted() {
        assert!(allows_request(&[("sec-fetch-site", "same-origin")], None));
        assert!(!allows_request(&[("sec-fetch-site", "cross-site")], None));
        assert!(!allows_request(&[("sec-fetch-site", "same-site")], None));
        assert!(allows_request(&[("origin", "http://a:1"), ("host", "a:1")], None));
        assert!(!allows_request(&[("origin", "http://b:1"), ("host", "a:1")], None));
        assert!(!allows_request(&[("origin", "null"), ("host", "a:1")], None));
        assert!(!allows_request(&[("host", "a:1")], None));
        assert!(allows_request(
            &[("origin", "https://x.org"), ("host", "a")],
            Some("https://x.org/")
        ));
    }
}
