//! Durations and parse errors as text, shared by the UI, the API and the command line.

use chrono::TimeDelta;

use crate::field_error::{FieldCode, FieldError, join};

/// Formats the two largest units: `3 days 4 h`, `5 h 2 min`, `12 min`, `under a minute`.
#[must_use]
pub fn format_duration(length: TimeDelta) -> String {
    let (days, hours, minutes) =
        (length.num_days(), length.num_hours() % 24, length.num_minutes() % 60);
    let days_text = format!("{days} {}", if days == 1 { "day" } else { "days" });
    match (days, hours, minutes) {
        (1.., 0, _) => days_text,
        (1.., _, _) => format!("{days_text} {hours} h"),
        (_, 1.., 0) => format!("{hours} h"),
        (_, 1.., _) => format!("{hours} h {minutes} min"),
        (_, _, 1..) => format!("{minutes} min"),
        _ => "under a minute".to_owned(),
    }
}

/// Converts an error of serde to a field error: the path to the value and the text of its error. Serde
/// keeps the error of a nested validator as text only, which is that of a [`FieldError`]: a path before
/// its first colon continues `path`.
#[must_use]
pub fn serde_field_error(path: &str, text: &str) -> FieldError {
    let path = path.trim_matches('.');
    if let Some(name) = quoted_name(text, "missing field ") {
        return FieldError::new(join(path, name), FieldCode::Missing, "is missing");
    }
    if let Some(name) = quoted_name(text, "unknown field ") {
        let field = if path.ends_with(name) { path.to_owned() } else { join(path, name) };
        let known = text.split_once(", expected ").map(|(_, known)| known.replace('`', ""));
        let known = known.map_or_else(String::new, |known| {
            format!("; there are {}", known.trim_start_matches("one of "))
        });
        return FieldError::new(
            field,
            FieldCode::Unknown,
            format!("there is no such field{known}"),
        );
    }
    let code = match text.contains("unknown variant ") {
        true => FieldCode::Unknown,
        false => FieldCode::Invalid,
    };
    let text = reword_serde_error(text);
    let is_path = |head: &str| {
        let is_sign = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
        !head.is_empty() && head.chars().all(is_sign)
    };
    match text.split_once(": ").filter(|(head, _)| is_path(head)) {
        Some((inner, message)) => FieldError::new(join(path, inner), code, message),
        None => FieldError::new(path, code, text),
    }
}

/// Returns the name in ``missing field `kind` ``, if the text begins like that.
fn quoted_name<'t>(text: &'t str, begin: &str) -> Option<&'t str> {
    let text = text.trim_start_matches("Failed to deserialize query string: ");
    text.strip_prefix(begin)?.split(['`', '\'']).nth(1)
}

/// Rewords an error of serde for the author of a document: types have the names that users know.
/// Unknown messages are returned unchanged.
#[must_use]
pub fn reword_serde_error(said: &str) -> String {
    let said = said.trim_start_matches("Failed to deserialize query string: ");
    const PARSERS: [(&str, &str); 6] = [
        ("invalid digit found in string", "must be a whole number that is not negative"),
        ("cannot parse integer from empty string", "must not be empty"),
        ("number too large to fit in target type", "is too large"),
        ("provided string was not `true` or `false`", "must be true or false"),
        ("EOF while parsing a value at line 1 column 0", "the body is empty; JSON is needed"),
        ("expected variant identifier", "expected a string"),
    ];
    let known = PARSERS.iter().find(|(theirs, _)| said.ends_with(theirs));
    let replaced = known.map(|(theirs, ours)| said.replace(theirs, ours));
    let said = replaced.as_deref().unwrap_or(said);
    reword_wrong_type(said)
        .or_else(|| reword_empty_list(said))
        .or_else(|| reword_missing_field(said))
        .or_else(|| reword_unknown_variant(said))
        .unwrap_or_else(|| said.to_owned())
}

/// Rewords `invalid type: string "x", expected f64 at line 1 column 2`.
fn reword_wrong_type(said: &str) -> Option<String> {
    let (before, rest) =
        said.split_once("invalid type: ").or_else(|| said.split_once("invalid value: "))?;
    let (found, rest) = rest.rsplit_once(", expected ")?;
    let (wanted, place) = match rest.split_once(" at line ") {
        Some((wanted, place)) => (wanted, format!(" at line {place}")),
        None => (rest, String::new()),
    };
    let wanted = match wanted {
        "f32" | "f64" => "a number",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65,535",
        "u32" => "a whole number from 0 to 4,294,967,295",
        "u64" | "usize" => "a whole number that is not negative",
        "a string" | "string" => "a text",
        "a boolean" | "boolean" => "true or false",
        "a sequence" | "sequence" => "a list",
        "a map" | "map" => "an object",
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => {
            "an object"
        }
        other => other,
    };
    let inner = found.split_once('`').and_then(|(_, rest)| rest.rsplit_once('`')).map(|(x, _)| x);
    let found = match (inner, found) {
        (Some(inner), _) => inner.to_owned(),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => "an object".to_owned(),
        (None, "null" | "unit value" | "Option value") => "nothing".to_owned(),
        (None, text) => text.strip_prefix("string ").unwrap_or(text).to_owned(),
    };
    Some(format!("{before}must be {wanted}, not {found}{place}"))
}

/// Rewords `invalid length 0, expected a flag as an object`.
fn reword_empty_list(said: &str) -> Option<String> {
    let (before, rest) = said.split_once("invalid length 0, expected ")?;
    rest.contains("object").then(|| format!("{before}must be an object, not an empty list"))
}

/// Rewords ``missing field `kind` ``.
fn reword_missing_field(said: &str) -> Option<String> {
    let (before, rest) = said.split_once("missing field ")?;
    let mut parts = rest.splitn(3, ['`', '\'']);
    let (_, name, after) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{before}{name} is missing{after}"))
}

/// Rewords ``unknown variant `moon`, expected one of `a`, `b` ``.
fn reword_unknown_variant(said: &str) -> Option<String> {
    let (before, rest) = said.split_once("unknown variant `")?;
    let (name, rest) = rest.split_once('`')?;
    let (known, place) = match rest.split_once(" at line ") {
        Some((known, place)) => (known, format!(" at line {place}")),
        None => (rest, String::new()),
    };
    let known = known.trim_start_matches(", expected ").trim_start_matches("one of ");
    Some(format!("{before}there is no {name:?}; choose one of {}{place}", known.replace('`', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        let write = |minutes| format_duration(TimeDelta::minutes(minutes));
        assert_eq!(write(0), "under a minute");
        assert_eq!(write(12), "12 min");
        assert_eq!(write(302), "5 h 2 min");
        assert_eq!(write(1_440), "1 day");
        assert_eq!(write(3 * 1_440 + 245), "3 days 4 h");
    }

    #[test]
    fn errors_of_serde_become_field_errors() {
        use FieldCode::{Invalid, Missing, Unknown};
        for (path, text, field, code, message) in [
            ("rules[0]", "split: must add up", "rules[0].split", Invalid, "must add up"),
            (
                "rules[0].condition",
                "all[1].value: is missing",
                "rules[0].condition.all[1].value",
                Invalid,
                "is missing",
            ),
            (".", "variants: is empty", "variants", Invalid, "is empty"),
            (".", "missing field `key`", "key", Missing, "is missing"),
            ("flags[0]", "missing field `kind`", "flags[0].kind", Missing, "is missing"),
            (
                "colour",
                "unknown field `colour`, expected `key` or `name`",
                "colour",
                Unknown,
                "there is no such field; there are key or name",
            ),
            (
                "kind",
                "unknown variant `bool`, expected one of `boolean`, `string`",
                "kind",
                Unknown,
                "there is no \"bool\"; choose one of boolean, string",
            ),
            (".", "line 3: there is no table", "", Invalid, "line 3: there is no table"),
        ] {
            let error = serde_field_error(path, text);
            assert_eq!(
                (error.field.as_str(), error.code, error.message.as_str()),
                (field, code, message)
            );
        }
    }

    #[test]
    fn serde_errors_are_reworded_in_plain_language() {
        for (said, plainly) in [
            (r#"a: invalid type: string "x", expected f64"#, r#"a: must be a number, not "x""#),
            (
                "invalid type: floating point `4.5`, expected u8 at line 1 column 9",
                "must be a whole number from 0 to 255, not 4.5 at line 1 column 9",
            ),
            (
                "minimum_days: invalid value: integer `99999999999`, expected u16",
                "minimum_days: must be a whole number from 0 to 65,535, not 99999999999",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "must be a whole number that is not negative, not -1",
            ),
            ("invalid type: sequence, expected a string", "must be a text, not a list"),
            ("invalid type: null, expected a boolean", "must be true or false, not nothing"),
            ("invalid type: map, expected struct Flag", "must be an object, not an object"),
            (
                "a[1]: missing field `kind` at line 2 column 3",
                "a[1]: kind is missing at line 2 column 3",
            ),
            ("Failed to deserialize query string: missing field 'confirm'", "confirm is missing"),
            (
                "Failed to deserialize query string: limit: invalid digit found in string",
                "limit: must be a whole number that is not negative",
            ),
            ("limit: cannot parse integer from empty string", "limit: must not be empty"),
            (
                "dry_run: provided string was not `true` or `false`",
                "dry_run: must be true or false",
            ),
            ("EOF while parsing a value at line 1 column 0", "the body is empty; JSON is needed"),
            (
                "invalid length 0, expected a flag as an object",
                "must be an object, not an empty list",
            ),
            (
                "unknown variant `moon`, expected one of `a`, `b` at line 1 column 2",
                r#"there is no "moon"; choose one of a, b at line 1 column 2"#,
            ),
            ("percentage: at most 100", "percentage: at most 100"),
        ] {
            assert_eq!(reword_serde_error(said), plainly);
        }
    }
}
