//! What stands escaped in addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Within one segment of a path.
pub(crate) const IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// As the value of a query's parameter that holds a path.
pub(crate) const IN_QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');
