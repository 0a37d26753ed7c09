//! Exact comparison of JSON numbers, and detection of numbers that lost digits when parsed.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// 2^53: from here on, adjacent integers can be the same floating-point number.
const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Compares two JSON numbers by their values: 1 and 1.0 are equal, 9007199254740993 and
/// 9007199254740992.0 are not.
pub(super) fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (to_integer(a), to_integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        // A number with a fraction is below 2^53, so rounding the other one keeps the order.
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// The number if it has no fraction; `i128` holds all of `i64` and `u64`.
fn to_integer(number: &Number) -> Option<i128> {
    let small = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    small.or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        // Exact: 2^127 is the first float that does not fit.
        (float.abs() < 2.0_f64.powi(127)).then_some(float as i128)
    })
}

/// JSON equality in which 1 and 1.0 are the same number.
pub(super) fn equals_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equals_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equals_json(a, b)))
        }
        _ => a == b,
    }
}

/// Whether parsing may have rounded a number, because it has more digits than a float.
pub(super) fn may_be_rounded(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_some_and(|float| float.abs() >= EXACT_LIMIT)
}

/// The first number within a value that parsing may have rounded.
#[must_use]
pub(crate) fn rounded_number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => may_be_rounded(number).then_some(number),
        Value::Array(items) => items.iter().find_map(rounded_number),
        Value::Object(fields) => fields.values().find_map(rounded_number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare_json(a: Value, b: Value) -> Option<Ordering> {
        compare_numbers(a.as_number().unwrap(), b.as_number().unwrap())
    }

    #[test]
    fn whole_numbers_compare_to_the_last_digit() {
        let (low, high) = (9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64);
        assert_eq!(compare_json(json!(low), json!(high)), Some(Ordering::Less));
        assert_eq!(compare_json(json!(low as f64), json!(high)), Some(Ordering::Less));
        assert_eq!(compare_json(json!(low as f64), json!(low)), Some(Ordering::Equal));
        assert_eq!(compare_json(json!(u64::MAX), json!(u64::MAX - 1)), Some(Ordering::Greater));
        assert_eq!(compare_json(json!(i64::MIN), json!(u64::MAX)), Some(Ordering::Less));
        assert_eq!(compare_json(json!(1), json!(1.0)), Some(Ordering::Equal));
        assert_eq!(compare_json(json!(1.5), json!(1)), Some(Ordering::Greater));
        assert_eq!(compare_json(json!(1e300), json!(u64::MAX)), Some(Ordering::Greater));
        assert!(equals_json(&json!([1, {"a": 2}]), &json!([1.0, {"a": 2.0}])));
        assert!(!equals_json(&json!([low]), &json!([high])));
    }

    #[test]
    fn a_number_with_too_many_digits_is_found() {
        let long: Value = serde_json::from_str("[1, {\"a\": 123456789012345678901234}]").unwrap();
        assert!(rounded_number(&long).is_some());
        assert!(rounded_number(&json!([u64::MAX, i64::MIN, 0.1, "1e99"])).is_none());
    }
}
