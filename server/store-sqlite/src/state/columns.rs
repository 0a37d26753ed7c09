//! Conversion of column values.

use phasegate_domain::Timestamp;
use phasegate_store::StoreError;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::damaged_error;

pub(super) fn to_json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| damaged_error(what)(&error))
}

pub(super) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged_error(what)(&error))
}

pub(super) fn parse_timestamp(
    what: &'static str,
    milliseconds: i64,
) -> Result<Timestamp, StoreError> {
    Timestamp::from_timestamp_millis(milliseconds)
        .ok_or_else(|| damaged_error(what)(&"a time is out of range"))
}
