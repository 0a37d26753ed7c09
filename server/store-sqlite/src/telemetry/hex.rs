//! Hexadecimal digits in documents that queries return.

use data_encoding::HEXUPPER;
use phasegate_store::StoreError;

use crate::error::damaged_error;

/// Decodes hexadecimal digits of a document into a reused buffer.
pub(super) fn unhex<'a>(digits: &str, bytes: &'a mut Vec<u8>) -> Result<&'a [u8], StoreError> {
    bytes.clear();
    bytes.resize(digits.len() / 2, 0);
    let decoded = HEXUPPER.decode_mut(digits.as_bytes(), bytes);
    decoded.map_err(|error| damaged_error("row")(&error.error))?;
    Ok(bytes)
}
