//! Addresses without private parts: queries, fragments and ids.

/// Returns the position of `part` in a text. The standard library's search is made for long texts,
/// and as large as the rest of this module.
pub(crate) fn find_text(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

pub(crate) fn contains_text(text: &str, part: &str) -> bool {
    find_text(text, part).is_some()
}

/// Returns an address without query and fragment, and the line and column at its end, if any.
pub(crate) fn split_query(address: &str) -> (&str, &str) {
    let Some(end) = address.find(['?', '#']) else { return (address, "") };
    let (path, rest) = address.split_at_checked(end).unwrap_or((address, ""));
    let place = rest.find(':').and_then(|colon| rest.get(colon..)).unwrap_or_default();
    let is_place = place.bytes().all(|byte| byte == b':' || byte.is_ascii_digit());
    (path, if is_place { place } else { "" })
}

/// Returns the endpoint of an address: its path, with `:id` in place of ids, and the host in front
/// if it is not the page's own.
pub(crate) fn extract_endpoint(address: &str, origin: &str) -> String {
    let (path, _) = split_query(address);
    let path = path.strip_prefix(origin).filter(|rest| !origin.is_empty() && rest.starts_with('/'));
    let path = path.unwrap_or_else(|| {
        let (path, _) = split_query(address);
        find_text(path, "://").and_then(|at| path.get(at + 3..)).unwrap_or(path)
    });
    let mut out = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        // The first segment is the host, or empty.
        out.push_str(if index > 0 && is_id(segment) { ":id" } else { segment });
    }
    out
}

/// Returns whether a segment of a path is an id: a number, a UUID, a digest, an e-mail address, or
/// a long text with digits.
fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_number = digits > 0 && segment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_number
        || (is_hex && segment.len() >= 8 && digits > 0)
        || (digits > 0 && segment.len() >= 16)
        || segment.contains('@')
        || contains_text(segment, "%40")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_no_ids() {
        let of = |address| extract_endpoint(address, "https://app.example");
        assert_eq!(of("https://app.example/api/exercises/42?q=1"), "/api/exercises/:id");
        assert_eq!(of("/api/v1/users/ada%40example.com/"), "/api/v1/users/:id/");
        assert_eq!(
            of("https://api.example/o/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
            "api.example/o/:id"
        );
        assert_eq!(of("/files/2026-11-25/deadbeef01"), "/files/:id/:id");
        assert_eq!(of("https://app.example"), "app.example");
        assert_eq!(of("/feed/accede"), "/feed/accede", "a word of hexadecimal letters");
    }
}
