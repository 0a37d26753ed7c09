//! What must not leave the page is taken out of messages: addresses, tokens, long numbers, and
//! whatever stands behind a question mark.

/// From so many digits on a number is more likely a card, a phone or an account than a count.
const LONG_NUMBER: usize = 9;

/// Names whose values are nobody's business.
const SECRETS: [&str; 5] = ["password", "passwd", "secret", "token", "api_key"];

/// Where `part` begins in a text. The standard library's search is made for long texts, and as
/// large as the rest of this module.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

pub(crate) fn has(text: &str, part: &str) -> bool {
    find(text, part).is_some()
}

/// The text without personal data and secrets.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(is_delimiter) {
        let word = part.trim_end_matches(is_delimiter);
        scrub_word(word, &mut out);
        out.push_str(part.get(word.len()..).unwrap_or_default());
    }
    out
}

fn is_delimiter(c: char) -> bool {
    c <= ' '
        || matches!(
            c,
            '"' | '\'' | '`' | '(' | ')' | '<' | '>' | '[' | ']' | '{' | '}' | ',' | ';' | '|'
        )
}

fn scrub_word(word: &str, out: &mut String) {
    if let Some((name, value)) = word.split_once('=')
        && !value.is_empty()
        && SECRETS.iter().any(|secret| ends_with_ignoring_case(name, secret))
        && !name.contains('?')
    {
        out.push_str(name);
        out.push_str("=[secret]");
    } else if is_email(word) {
        out.push_str("[email]");
    } else if is_token(word) {
        out.push_str("[token]");
    } else if has(word, "://") || word.starts_with('/') {
        let (path, place) = without_query(word);
        scrub_digits(path, out);
        out.push_str(place);
    } else {
        scrub_digits(word, out);
    }
}

fn ends_with_ignoring_case(text: &str, end: &str) -> bool {
    let start = text.len().wrapping_sub(end.len());
    text.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn is_email(word: &str) -> bool {
    // Addresses of packages (`/@scope/name`) and of accounts in URLs are no e-mail addresses.
    word.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !name.contains('/') && domain.contains('.') && !domain.starts_with('.')
    })
}

fn is_token(word: &str) -> bool {
    word.len() > 20 && word.starts_with("eyJ") && word.split('.').count() == 3
}

/// An address without query and fragment, and the line and column that may stand behind it.
pub(crate) fn without_query(address: &str) -> (&str, &str) {
    let Some(end) = address.find(['?', '#']) else { return (address, "") };
    let (path, rest) = address.split_at_checked(end).unwrap_or((address, ""));
    let place = rest.find(':').and_then(|colon| rest.get(colon..)).unwrap_or_default();
    let is_place = place.bytes().all(|byte| byte == b':' || byte.is_ascii_digit());
    (path, if is_place { place } else { "" })
}

/// Copies a text, with a word in place of each long number.
fn scrub_digits(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let length = from.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = from.split_at_checked(length).unwrap_or((from, ""));
        out.push_str(before);
        out.push_str(if length < LONG_NUMBER { digits } else { "[number]" });
        rest = after;
    }
    out.push_str(rest);
}

/// The part of an address that names an endpoint: its path, with `:id` for what names a thing, and
/// the host in front where it is not the page's own.
pub(crate) fn endpoint(address: &str, origin: &str) -> String {
    let (path, _) = without_query(address);
    let path = path.strip_prefix(origin).filter(|rest| !origin.is_empty() && rest.starts_with('/'));
    let path = path.unwrap_or_else(|| {
        let (path, _) = without_query(address);
        find(path, "://").and_then(|at| path.get(at + 3..)).unwrap_or(path)
    });
    let mut out = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        // The first one is the host, or nothing.
        out.push_str(if index > 0 && is_id(segment) { ":id" } else { segment });
    }
    out
}

/// Whether a part of a path names a thing rather than a kind of things: a number, a UUID, a digest,
/// an address, or something long with digits in it.
fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_number = digits > 0 && segment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_number
        || (is_hex && segment.len() >= 8 && digits > 0)
        || (digits > 0 && segment.len() >= 16)
        || segment.contains('@')
        || has(segment, "%40")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_personal_does_not_leave_the_page() {
        for (said, sent) in [
            ("No user ada@example.com (id 12)", "No user [email] (id 12)"),
            ("card 4111111111111111 declined", "card [number] declined"),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln expired", "token [token] expired"),
            ("GET https://x.org/a?mail=a@b.c#top failed", "GET https://x.org/a failed"),
            ("at f (https://x.org/a.js?v=3:10:5)", "at f (https://x.org/a.js:10:5)"),
            ("refused: password=hunter2, user=1", "refused: password=[secret], user=1"),
            ("cannot load /@scope/name.js", "cannot load /@scope/name.js"),
            ("100 % of 12345678 äöü", "100 % of 12345678 äöü"),
            ("", ""),
        ] {
            assert_eq!(scrub(said), sent);
        }
    }

    #[test]
    fn an_endpoint_has_no_ids() {
        let of = |address| endpoint(address, "https://app.example");
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
