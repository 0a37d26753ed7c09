//! Instants in the formats that apps send.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Number, Value};

use crate::Timestamp;

/// Numbers below count seconds, others milliseconds: in seconds this is the year 5138, in
/// milliseconds March 1973.
const SECONDS_LIMIT: f64 = 1e11;

/// Formats of a date and time without a zone; they are in UTC, as plain dates are.
const ZONELESS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

/// Parses RFC 3339, a date and time in UTC, a date (midnight UTC), or a number as [`parse_number`].
pub(super) fn parse_instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => parse_text(text),
        Value::Number(number) => parse_number(number),
        _ => None,
    }
}

/// Reads seconds or milliseconds since 1970, distinguished by magnitude, to the microsecond.
pub(super) fn parse_number(number: &Number) -> Option<Timestamp> {
    let float = number.as_f64()?;
    let (scale, whole) = if float.abs() < SECONDS_LIMIT {
        (1_000_000.0, number.as_i64().and_then(|whole| whole.checked_mul(1_000_000)))
    } else {
        (1_000.0, number.as_i64().and_then(|whole| whole.checked_mul(1_000)))
    };
    let microseconds = match whole {
        Some(whole) => whole,
        None => {
            let scaled = (float * scale).round();
            (scaled.abs() < 9.2e18).then_some(scaled as i64)?
        }
    };
    DateTime::from_timestamp_micros(microseconds)
}

pub(super) fn parse_text(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    // RFC 3339 requires seconds; ISO 8601 does not.
    if let Ok(instant) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z") {
        return Some(instant.to_utc());
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    ZONELESS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|instant| instant.and_utc())
}

/// Deserializes an instant of a document in any format that conditions accept.
///
/// # Errors
/// Returns an error that explains what is wrong with the value.
pub(crate) fn deserialize_instant<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Timestamp, D::Error> {
    let value = Value::deserialize(deserializer)?;
    parse_instant(&value).ok_or_else(|| {
        de::Error::custom(match &value {
            Value::String(text) => explain_invalid_text(text),
            other => format!("must be a date such as 2026-11-23T12:00:00Z, not {other}"),
        })
    })
}

/// Deserializes an instant that may be null, in any format that conditions accept.
pub fn deserialize_optional_instant<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    match Option::<Value>::deserialize(deserializer)? {
        None => Ok(None),
        Some(value) => deserialize_instant(value).map(Some).map_err(de::Error::custom),
    }
}

/// Explains why a text is not an instant.
pub(super) fn explain_invalid_text(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "is empty, not a date".to_owned();
    }
    if text.parse::<f64>().is_ok() {
        return format!("{text:?} is a number in quotes; send it as a number");
    }
    // Text after a valid date and time is taken for a time zone.
    let end = text.char_indices().map(|(at, _)| at).rev();
    let zone = end.filter(|at| *at > 0).find_map(|at| {
        let (before, after) = (text.get(..at)?, text.get(at..)?);
        parse_text(before).filter(|_| before.len() > 10).map(|_| after.trim())
    });
    match zone {
        Some(zone) => format!(
            "has the time zone {zone:?}, which is not understood; write Z or an offset such as +01:00"
        ),
        None => format!("{text:?} is not a date such as 2026-11-23 or 2026-11-23T12:00:00Z"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Document {
        #[serde(deserialize_with = "deserialize_instant")]
        at: Timestamp,
        #[serde(default, deserialize_with = "deserialize_optional_instant")]
        end: Option<Timestamp>,
    }

    #[test]
    fn documents_accept_the_instant_formats_of_conditions() {
        let read = |json: Value| serde_json::from_value::<Document>(json);
        let midnight = DateTime::from_timestamp(1_767_225_600, 0);
        for at in [
            json!("2026-01-01"),
            json!("2026-01-01T00:00:00"),
            json!("2026-01-01T01:00:00+01:00"),
            json!(1_767_225_600),
        ] {
            let found = read(json!({"at": at, "end": at})).unwrap();
            assert_eq!((Some(found.at), found.end), (midnight, midnight), "{at}");
        }
        assert_eq!(read(json!({"at": 0, "end": null})).unwrap().end, None);
        for (at, complaint) in [
            (json!("tomorrow"), "\"tomorrow\" is not a date such as"),
            (json!("2026-01-01T00:00:00 CET"), "has the time zone \"CET\""),
            (json!(true), "must be a date such as 2026-11-23T12:00:00Z, not true"),
        ] {
            let found = read(json!({"at": at})).unwrap_err().to_string();
            assert!(found.contains(complaint), "{found}");
            let found = read(json!({"at": 0, "end": at})).unwrap_err().to_string();
            assert!(found.contains(complaint), "{found}");
        }
    }

    #[test]
    fn numbers_are_seconds_or_milliseconds_by_magnitude() {
        let read = |value: Value| parse_instant(&value).unwrap().to_rfc3339();
        for value in
            [json!(1_767_225_600), json!(1_767_225_600_000_i64), json!(1_767_225_600_000.0)]
        {
            assert_eq!(read(value), "2026-01-01T00:00:00+00:00");
        }
        assert_eq!(read(json!(1_767_225_600_000.5)), "2026-01-01T00:00:00.000500+00:00");
        assert_eq!(read(json!(1_767_225_600.25)), "2026-01-01T00:00:00.250+00:00");
        assert_eq!(read(json!(0)), "1970-01-01T00:00:00+00:00");
        assert_eq!(parse_instant(&json!(1e300)), None);
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        for text in [
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04:05Z",
            "2026-01-02T04:04:05+01:00",
            "2026-01-02T03:04:05.000",
            " 2026-01-02 03:04:05Z ",
        ] {
            let found = parse_text(text).map(|instant| instant.to_rfc3339());
            assert_eq!(found.as_deref(), Some("2026-01-02T03:04:05+00:00"), "{text}");
        }
        assert_eq!(parse_text("2026-01-02"), parse_text("2026-01-02T00:00"));
        for text in ["2026-01-02T00:00Z", "2026-01-02T01:00+01:00", "2026-01-02T01:00+01"] {
            assert!(parse_text(text).is_some(), "{text}");
            assert_eq!(parse_text(text), parse_text("2026-01-02"), "{text}");
        }
    }

    #[test]
    fn errors_explain_why_a_text_is_not_an_instant() {
        assert!(explain_invalid_text("2026-01-02T03:04:05 CET").contains("time zone \"CET\""));
        assert!(explain_invalid_text("2026-01-02T03:04:05+1").contains("time zone \"+1\""));
        assert!(explain_invalid_text("1767225600").contains("number in quotes"));
        assert!(explain_invalid_text("tomorrow").contains("is not a date"));
        assert!(explain_invalid_text("").contains("is empty"));
    }
}
