//! Who sends a batch, and under which circumstances: what all of its events have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Arm;
use crate::ids::{FlagKey, PhaseNumber, SegmentKey, VariantName};

/// A person, by a keyed digest of the id that the app or the collector gave. Nobody can tell the id
/// from it without the server's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserHash(pub u64);

/// A session, by a keyed digest of the collector's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub u64);

/// What a page is seen on.
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

/// A network, without a way back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkHash(pub u64);

/// The circumstances of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visit {
    /// Who and in which session; `None` for visitors who do not want to be measured, whose events are
    /// never tied together.
    pub who: Option<(UserHash, SessionHash)>,
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
    /// The network that it came from, where that says something. It is not stored.
    pub network: Option<NetworkHash>,
}

/// How many visitors one network counts for at most, when it is asked how many send a label.
const VISITORS_OF_NETWORK: u64 = 4;

impl Visit {
    /// The bit of 64 that the visit sets in the set of those who send a label; none for nobody in
    /// particular. Visitors are easily invented and addresses are not, so a network sets few of them.
    #[must_use]
    pub fn sender(&self) -> u64 {
        /// 2^64 divided by the golden ratio: neighbouring numbers end far from each other.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let Some((person, _)) = self.who else { return 0 };
        let sender = match self.network {
            Some(network) => network.0.wrapping_add(person.0 % VISITORS_OF_NETWORK),
            None => person.0,
        };
        1 << (sender.wrapping_mul(SPREAD) >> 58)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_counts_as_few_visitors_however_many_it_invents() {
        let bits = |network: Option<u64>| {
            let sender = |person| {
                let who = Some((UserHash(person), SessionHash(person)));
                Visit { who, network: network.map(NetworkHash), ..Visit::default() }.sender()
            };
            (0..10_000).map(sender).fold(0_u64, |all, bit| all | bit).count_ones()
        };
        assert_eq!(bits(None), 64);
        assert!((1..=4).contains(&bits(Some(7))), "{}", bits(Some(7)));
        assert_eq!(Visit { network: Some(NetworkHash(7)), ..Visit::default() }.sender(), 0);
    }
}
