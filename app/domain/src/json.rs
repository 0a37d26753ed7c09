//! Reading JSON documents without losing digits.

use serde_json::Value;

/// Significant decimal digits that a floating point number (IEEE 754 binary64) can tell apart.
const DIGITS: usize = 17;

/// Why a JSON document is refused.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum InvalidJson {
    /// The text is not valid JSON.
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
    /// A number would lose digits when stored.
    #[error(
        "{number} has more digits than a number keeps ({DIGITS}) at line {line} column {column}; round it, or write it as a text"
    )]
    Rounded {
        /// The number as the document writes it.
        number: String,
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
}

/// Parses a document, and refuses numbers that would lose digits.
///
/// # Errors
/// Returns [`InvalidJson`] with the position.
pub fn parse_document(text: &[u8]) -> Result<Value, InvalidJson> {
    let value = serde_json::from_slice(text)?;
    check_digits(text)?;
    Ok(value)
}

/// Refuses the first number of a well-formed document that [`is_rounded`].
///
/// # Errors
/// Returns [`InvalidJson::Rounded`] with the position of the number.
pub fn check_digits(text: &[u8]) -> Result<(), InvalidJson> {
    let Some((place, number)) = find_rounded_number(text) else { return Ok(()) };
    let before = text.get(..place).unwrap_or_default();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Err(InvalidJson::Rounded {
        number: number.to_owned(),
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: 1 + place - line_start,
    })
}

/// Whether a number loses digits when parsed: it fits neither a 64-bit integer nor a binary64. As a
/// binary64, its shortest form, its form with 17 digits and its value rounded to the written number
/// of digits count as the same number, because programs write any of them.
#[must_use]
pub fn is_rounded(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return false;
    }
    // The parser refuses other texts and infinite numbers.
    let Some(float) = number.parse::<f64>().ok().filter(|float| float.is_finite()) else {
        return false;
    };
    let written = significant_digits(number);
    let with_digits = |count: usize| {
        let fraction = count.clamp(1, DIGITS) - 1;
        significant_digits(&format!("{float:.fraction$e}"))
    };
    written != significant_digits(&format!("{float:e}"))
        && written != with_digits(DIGITS)
        && written != with_digits(written.0.len())
}

/// Returns the significant digits of a decimal number, and the position of its decimal point
/// relative to the first of them.
fn significant_digits(number: &str) -> (String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let zeros = (all.len() - significant.len()) as i64;
    let point = whole.len() as i64 - zeros + exponent.parse::<i64>().unwrap_or_default();
    match significant.trim_end_matches('0') {
        "" => (String::new(), 0),
        digits => (digits.to_owned(), point),
    }
}

/// Returns offset and text of the first number of a well-formed document that [`is_rounded`].
fn find_rounded_number(text: &[u8]) -> Option<(usize, &str)> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        at += match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = rest.iter().take_while(|byte| is_part(byte)).count();
                let number = std::str::from_utf8(rest.get(..length)?).ok()?;
                if is_rounded(number) {
                    return Some((at, number));
                }
                length
            }
            _ => 1,
        };
    }
    None
}

/// Returns the length in bytes of the string that a text begins with, quotation marks included.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_that_loses_digits_is_refused_with_its_position() {
        let complaint = |text: &str| parse_document(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            complaint("{\n  \"a\": [1.5, 0.123456789012345678]}"),
            "0.123456789012345678 has more digits than a number keeps (17) at line 2 column 14; \
             round it, or write it as a text"
        );
        for text in [
            "-12345678901234567.89",
            "9007199254740993.0",
            "123456789012345678901",
            "18446744073709551617",
            "1234567890123456789e-5",
            "1.234567890123456789e3",
            "[0.1000000000000000055511151231257827]",
        ] {
            assert!(complaint(text).contains("more digits"), "{text}");
        }
        assert!(complaint("{").contains("EOF"), "no JSON at all");
    }

    #[test]
    fn numbers_that_keep_their_digits_are_read() {
        for text in [
            "0.1",
            "0.1234567890123457",
            "1.50000000000000000000",
            "-0.00000000000000000001",
            "1e300",
            "9223372036854775807",
            "18446744073709551615",
            "-9223372036854775808",
            "100000000000000000000000",
            "1e16",
            "1.5e300",
            "0.10000000000000001",
            // Both are …263.25 as a binary64: programs round it either way.
            "928872468327263.2",
            "928872468327263.3",
            "-0.0",
            "1E-7",
            r#"["0.12345678901234567890 \" 0.12345678901234567890", "\\"]"#,
        ] {
            assert!(parse_document(text.as_bytes()).is_ok(), "{text}");
        }
        assert_eq!(parse_document(br#"{"a": [1, "x"]}"#).unwrap(), json!({"a": [1, "x"]}));
    }

    proptest! {
        #[test]
        fn serialized_documents_are_read_back(number in prop::num::f64::NORMAL, text in ".{0,12}") {
            let document = json!({"a": [number, text]});
            prop_assert_eq!(parse_document(document.to_string().as_bytes()).unwrap(), document);
        }
    }
}
