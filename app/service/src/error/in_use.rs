//! Changes that the rest of the configuration forbids.

use phasegate_domain::{
    config::InvalidFile,
    field_error::FieldError,
    ids::{FlagKey, SegmentKey, VariantName},
};

/// Why the rest of the configuration forbids a change. The text says what to change first.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InUse {
    /// A variable of the server pins the flag.
    #[error(
        "the server's variable {variable} pins {flag} to {variant}, so this would change nothing; start the server without it first"
    )]
    PinnedFlag { flag: FlagKey, variable: String, variant: VariantName },
    /// A flag that is to be deleted is named elsewhere.
    #[error("{flag} is still needed: {error}")]
    NeededFlag { flag: FlagKey, error: FieldError },
    /// A segment that is to be deleted is named elsewhere.
    #[error("{segment} is used by {}; change that first", .uses.join(", "))]
    UsedSegment {
        segment: SegmentKey,
        /// Each use with its environment.
        uses: Vec<String>,
    },
    /// The configuration would be invalid without the segment.
    #[error("{segment} is still needed: {error}")]
    NeededSegment { segment: SegmentKey, error: FieldError },
    /// A project keeps at least one environment.
    #[error("this is the project's last environment; make another one first")]
    LastEnvironment,
    /// A plan cannot be replaced by the import of a file.
    #[error(transparent)]
    File(InvalidFile),
}
