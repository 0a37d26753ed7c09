//! The configuration of an environment: in memory, and as a file.

mod collection_settings;
mod environment_file;
mod snapshot;

pub use collection_settings::{CollectionSettings, Switch};
pub use environment_file::{
    EnvironmentConfig, EnvironmentFile, ImportChange, InvalidFile, MAX_FLAGS, MAX_OVERRIDES,
    MAX_SEGMENTS, override_key,
};
pub(crate) use snapshot::NoAudience;
pub use snapshot::{FlagEntry, Parts, SegmentUse, Snapshot};
