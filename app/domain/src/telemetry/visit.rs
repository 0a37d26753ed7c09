//! Who sends a batch, and under which circumstances: what all of its facts have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Arm;
use crate::ids::{FlagKey, PhaseNumber, SegmentKey, VariantName};

/// A person, by a keyed digest of the id that the app or the collector gave. Nobody can tell the id
/// from it without the server's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonHash(pub u64);

/// A session, by a keyed digest of the collector's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub u64);

/// What a page is seen on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Touched, and small.
    Phone,
    /// Touched, and large.
    Tablet,
    /// Pointed at.
    #[default]
    Desktop,
}

impl Device {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Tablet, Self::Desktop];

    /// As slices and tables write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
        }
    }
}

/// The circumstances of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visit {
    /// Who and in which session; `None` for visitors who do not want to be measured, whose facts are
    /// never tied together.
    pub who: Option<(PersonHash, SessionHash)>,
    /// What the page is seen on.
    pub device: Device,
    /// The app's version, where the page says.
    pub release: Option<String>,
    /// What the session was exposed to so far.
    pub exposed: BTreeMap<FlagKey, VariantName>,
    /// The phase that the rollout was in.
    pub phase: Option<PhaseNumber>,
    /// The segments that the person is in.
    pub segments: BTreeSet<SegmentKey>,
    /// On which side of the rollout's threshold they are; nothing for whom it is not about, and for
    /// whoever was not asked yet for any of its flags.
    pub arm: Option<Arm>,
}
