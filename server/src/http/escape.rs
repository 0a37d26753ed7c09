//! Sets of characters that are percent-encoded in URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Characters to encode in a path segment.
pub(crate) const IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Characters to encode in a query value that is a path.
pub(crate) const IN_QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');
