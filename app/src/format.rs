//! Formats numbers and times for the UI. Server and browser give the same output, because nothing
//! here depends on the reader's clock or time zone.

use chrono::{Datelike, Timelike};
use phasegate_domain::Timestamp;
#[cfg(feature = "ssr")]
pub(crate) use phasegate_domain::words::format_duration;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Formats an instant as `23 Nov 2026, 14:05 UTC`. Chrono's format strings would add 5 KB to the
/// download.
pub(crate) fn format_instant(at: Timestamp) -> String {
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}, {:02}:{:02} UTC", at.day(), at.year(), at.hour(), at.minute())
}

pub(crate) fn format_day(at: Timestamp) -> String {
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{} {month}", at.day())
}

pub(crate) fn format_time(at: Timestamp) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// Formats a duration of user activity: `12 s`, `3 min 20 s`, `1 h 5 min`.
#[cfg(feature = "ssr")]
pub(crate) fn format_time_spent(seconds: f64) -> String {
    // Durations of user activity are never negative.
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3_600 if whole.is_multiple_of(60) => format!("{} min", whole / 60),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", format_count(whole / 3_600), whole % 3_600 / 60),
    }
}

pub(crate) fn format_count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a size in decimal units: `950 B`, `12.3 MB`.
#[cfg(feature = "ssr")]
pub(crate) fn format_bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Formats a share as `66 %` or `0.33 %`, or as a dash if `whole` is 0.
pub(crate) fn format_percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    // Rounded to "0 %", a small share would look like none.
    match part {
        0 => "0 %".to_owned(),
        _ if share < 0.01 => "< 0.01 %".to_owned(),
        _ if share < 1.0 => format!("{share:.2} %"),
        _ => format!("{share:.0} %"),
    }
}

/// Formats a share from 0 to 1 as `66 %`; one below 1 % keeps its digits.
#[cfg(feature = "ssr")]
pub(crate) fn format_rate(rate: f64) -> String {
    match rate * 100.0 {
        share if share == 0.0 || share >= 1.0 => format!("{share:.0} %"),
        share if share < 0.01 => "< 0.01 %".to_owned(),
        share => format!("{share:.2} %"),
    }
}

/// Formats a count with its noun: `1 sample`, `2 samples`.
pub(crate) fn format_quantity(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", format_count(number), if number == 1 { one } else { many })
}

/// Capitalizes a message, unless it begins with a field name, and adds a full stop.
#[cfg(feature = "ssr")]
pub(crate) fn punctuate_message(text: &str) -> String {
    let first_word = text.split([' ', ':']).next().unwrap_or_default();
    let names_field = text.get(first_word.len()..).is_some_and(|rest| rest.starts_with(':'));
    let mut letters = text.chars();
    let begin = match letters.next() {
        Some(first) if !names_field => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    };
    if begin.ends_with(['.', '?', '!']) { begin } else { begin + "." }
}

/// Percent-encodes a text for the query or path of a link.
#[cfg(feature = "ssr")]
pub(crate) fn percent_encode(text: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_month_names_and_a_time_zone() {
        let at = chrono::DateTime::from_timestamp(1_795_442_709, 0).unwrap();
        assert_eq!(format_instant(at), "23 Nov 2026, 14:05 UTC");
        assert_eq!(format_time(at), "14:05:09");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let all = [0.04, 9.2, 12.4, 60.0, 200.0, 3_900.0, 36_000_000.0].map(format_time_spent);
        assert_eq!(
            all,
            ["0.0 s", "9.2 s", "12 s", "1 min", "3 min 20 s", "1 h 5 min", "10,000 h 0 min"]
        );
    }

    #[test]
    fn small_shares_keep_their_digits() {
        let all = [0.0, 0.66, 30.0 / 9_043.0, 0.000_01].map(format_rate);
        assert_eq!(all, ["0 %", "66 %", "0.33 %", "< 0.01 %"]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(
            [9, 12_300, 4_560_000, 7_890_000_000].map(format_bytes),
            ["9 B", "12 KB", "4.6 MB", "7.9 GB"]
        );
    }

    #[test]
    fn numbers_have_thousands_separators() {
        assert_eq!(format_count(0), "0");
        assert_eq!(format_count(999), "999");
        assert_eq!(format_count(1_000), "1,000");
        assert_eq!(format_count(12_345_678), "12,345,678");
        assert_eq!(format_percent(2, 3), "67 %");
        assert_eq!(format_percent(0, 0), "–");
        assert_eq!(
            [(0, 9), (30, 9_043), (1, 99_999)].map(|(a, b)| format_percent(a, b)),
            ["0 %", "0.33 %", "< 0.01 %"]
        );
    }

    #[test]
    fn error_messages_become_sentences() {
        assert_eq!(punctuate_message("there is no flag \"A\""), "There is no flag \"A\".");
        assert_eq!(punctuate_message("rules[0]: is wrong"), "rules[0]: is wrong.");
        assert_eq!(punctuate_message("Done."), "Done.");
    }
}
