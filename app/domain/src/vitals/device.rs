//! Device classes, on which the score of vitals depends.

use serde::{Deserialize, Serialize};

/// The device class of a visit.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    Phone,
    Tablet,
    #[default]
    Desktop,
}

impl Device {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Tablet, Self::Desktop];

    /// The name in dimensions and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
        }
    }
}
