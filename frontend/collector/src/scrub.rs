//! Removes private data from texts: e-mail addresses, tokens, secrets, long numbers, and the
//! queries of addresses.
//!
//! In a browser, `js/bridge/15-scrub.js` does the same in a tenth of the size, because browsers
//! have regular expressions; `scrub-vectors.json` tests both. This module scrubs texts on the
//! server, from pages on which only the loader ran.

use crate::address::{contains_text, find_text, split_query};

/// Digits from which a number is more likely a card, a phone or an account than a count.
const LONG_NUMBER: usize = 9;

/// Digits from which this holds even for a number that is written in groups.
const CARD: usize = 13;

/// Names whose values are private.
const SECRETS: [&str; 5] = ["password", "passwd", "secret", "token", "api_key"];

/// Returns the text without personal data and secrets.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(is_space) {
        let word = part.trim_end_matches(is_space);
        scrub_word(word, &mut out);
        out.push_str(slice_text(part, word.len(), part.len()));
    }
    scrub_numbers(&out)
}

fn is_space(c: char) -> bool {
    c <= ' ' || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|' | '&')
}

/// Returns a part of a text; empty if out of range.
fn slice_text(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// Scrubs a word: removes the query of an address, and the content of a `data:` address.
fn scrub_word(word: &str, out: &mut String) {
    let core = word.trim_end_matches([')', ']', '}', ',', ';', '.']);
    let end = slice_text(word, core.len(), word.len());
    if let Some(at) = find_text(core, "data:").filter(|at| *at < 2) {
        out.push_str(slice_text(core, 0, at + 5));
        out.push_str(end);
        return;
    }
    let is_address = core.find('/') < core.find(['?', '#']) && contains_text(core, "/");
    let (kept, place) = if is_address { split_query(core) } else { (core, "") };
    for piece in kept.split_inclusive(is_delimiter) {
        let bare = piece.trim_end_matches(is_delimiter);
        scrub_piece(bare, out);
        out.push_str(slice_text(piece, bare.len(), piece.len()));
    }
    out.push_str(place);
    out.push_str(end);
}

fn scrub_piece(piece: &str, out: &mut String) {
    if let Some((name, value)) = piece.split_once('=')
        && !value.is_empty()
        && SECRETS.iter().any(|secret| ends_with_ignoring_case(name, secret))
    {
        out.push_str(name);
        out.push_str("=[secret]");
        return;
    }
    scrub_names(piece, out);
}

fn ends_with_ignoring_case(text: &str, end: &str) -> bool {
    let start = text.len().wrapping_sub(end.len());
    text.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Returns whether a byte can be part of a token, a name or a domain.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+')
}

/// Copies a text with a placeholder for each token and each e-mail address.
fn scrub_names(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let name_length = |from: usize| bytes.iter().skip(from).take_while(|b| is_name(**b)).count();
    if let Some(start) = find_text(text, "eyJ") {
        let length = name_length(start);
        if length > 20 {
            scrub_names(slice_text(text, 0, start), out);
            out.push_str("[token]");
            return scrub_names(slice_text(text, start + length, text.len()), out);
        }
    }
    let sign = find_text(text, "@").map(|at| (at, at + 1));
    let Some((at, behind)) = sign.or_else(|| find_text(text, "%40").map(|at| (at, at + 3))) else {
        return out.push_str(text);
    };
    let local = bytes.iter().take(at).rev().take_while(|byte| is_name(**byte)).count();
    let end = behind + name_length(behind);
    if local > 0 && is_domain(slice_text(text, behind, end)) {
        out.push_str(slice_text(text, 0, at - local));
        out.push_str("[email]");
        return scrub_names(slice_text(text, end, text.len()), out);
    }
    out.push_str(slice_text(text, 0, behind));
    scrub_names(slice_text(text, behind, text.len()), out);
}

/// Returns whether a text ends like a domain. Versions of packages (`react@18.2.0`) do not.
fn is_domain(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last.as_bytes());
    last.is_some_and(|last| last.len() > 1 && last.iter().all(u8::is_ascii_alphabetic))
}

/// Copies a text with a placeholder for each long number, also if it is written in groups.
fn scrub_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(slice_text(rest, 0, start));
        rest = slice_text(rest, start, rest.len());
        let (length, digits) = measure_number(rest.as_bytes());
        let group = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (taken, is_long) =
            if digits >= CARD { (length, true) } else { (group, group >= LONG_NUMBER) };
        out.push_str(if is_long { "[number]" } else { slice_text(rest, 0, taken) });
        rest = slice_text(rest, taken, rest.len());
    }
    out.push_str(rest);
    out
}

/// Returns the length of a number, possibly in groups, and its number of digits.
fn measure_number(bytes: &[u8]) -> (usize, usize) {
    let (mut length, mut digits) = (0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_digit() {
            digits += 1;
            length = index + 1;
        } else if !matches!(byte, b' ' | b'-') || index > length {
            break;
        }
    }
    (length, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_data_is_removed_from_texts() {
        let vectors = include_str!("../scrub-vectors.json");
        let vectors: Vec<(String, String)> = serde_json::from_str(vectors).unwrap();
        assert!(vectors.len() > 20);
        for (said, sent) in vectors {
            assert_eq!(scrub(&said), sent);
        }
    }
}
