//! Instants, the buckets that they are counted in, and the time ranges that panels show.

mod preset;
mod range;
mod resolution;

pub use preset::TimeRangePreset;
pub use range::{TimeRange, date_of, parse_day};
pub use resolution::{Resolution, day_of, minute_of};

/// The instant that rules compute with; always UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
